"""The lens: where each token of an answer came from, as figures. Screens and commands draw them.

What needs no model works on the tokens of a run alone; what asks one takes any `ChatModel`.
"""
