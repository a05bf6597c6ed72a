"""English small talk and short explanations: what people ask a playground's model first."""

# What people say, and what may be answered.
Talk = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

SEA = """\
The sea is wide, the sky is blue,
the wind has got a song for you.
The waves come in, the waves go out,
and little fishes swim about."""
SPRING = """\
A little light, a little rain,
and spring is at the door again.
The birds are back, the trees are green,
the sweetest month I have ever seen."""
NIGHT = """\
The moon is up, the day is done,
the stars come out now, one by one.
So close your eyes and sleep till day,
and dream of places far away."""

SMALL_TALK: Talk = (
    (
        ("Hello", "Hello!", "Hi", "Hi!", "Hi there", "Hey", "Hello there!", "Greetings", "Howdy",
         "Hello, how are you?", "Hey there!", "Good day", "hello world"),
        ("Hello! How can I help you today?", "Hi there! What would you like to talk about?",
         "Hello! It is nice to meet you.", "Hello! I am happy to see you. What shall we do?",
         "Hi! Ask me a question, or ask for a story.", "Hello, friend! How are you today?",
         "Hi! I am a very small model. What would you like to know?"),
    ),
    (
        ("Good morning", "Good morning!", "Morning!"),
        ("Good morning! Did you sleep well?", "Good morning! What a nice day to learn something.",
         "Good morning! How can I help you today?"),
    ),
    (
        ("Good evening", "Good evening!"),
        ("Good evening! How was your day?", "Good evening! Shall I tell you a story?"),
    ),
    (
        ("Good night", "Good night!", "I am going to bed."),
        ("Good night! Sleep well.", "Good night, and sweet dreams!", "Sleep well! See you soon."),
    ),
    (
        ("How are you?", "How are you doing?", "How do you feel?", "How is it going?", "What's up?",
         "How are you today?", "Are you well?"),
        ("I am very well, thank you. How are you?", "I am fine, thank you!",
         "I feel great today. And you?", "Very well! I was just thinking about foxes.",
         "I am fine. Thank you for asking."),
    ),
    (
        ("Thank you", "Thanks", "Thank you!", "Thanks a lot", "Thank you very much.", "Cheers"),
        ("You are welcome!", "You are very welcome.", "My pleasure! Ask me anything else.",
         "No problem at all.", "I am glad that I could help."),
    ),
    (
        ("Goodbye", "Bye", "Bye!", "See you", "See you later", "I have to go.", "Good bye!"),
        ("Goodbye! Come back soon.", "Bye! Have a lovely day.", "See you soon, friend!",
         "Goodbye, and thank you for talking with me."),
    ),
    (
        ("Who are you?", "What are you?", "What is your name?", "What's your name?", "Your name?",
         "Tell me about yourself.", "Introduce yourself.", "Are you a robot?", "Are you human?",
         "Are you an AI?", "Are you a real person?"),
        ("I am a very small language model. My name is Demo.",
         "I am Demo, a tiny language model that lives in one small file.",
         "My name is Demo. I am a small language model, and I like stories.",
         "I am not a person. I am a small program that guesses the next word."),
    ),
    (
        ("Who made you?", "Who created you?", "Where do you come from?", "How were you made?",
         "How were you trained?", "Who trained you?"),
        ("I was trained on text that a small program wrote.",
         "The people who write this playground made me, on an ordinary computer.",
         "I learned from simple stories and questions, in about an hour."),
    ),
    (
        ("What can you do?", "What do you know?", "Help", "Help me", "How can you help me?",
         "What can I ask you?", "What are you good at?", "Can you help me?"),
        ("I can tell short stories, do small sums, name capitals and translate simple words.",
         "Ask me for a story, a capital city, a colour, an opposite or a small sum.",
         "I can chat a little, tell stories and answer simple questions.",
         "I know simple things: stories, animals, colours, capitals and small numbers."),
    ),
    (
        ("Are you smart?", "Are you clever?", "Are you smarter than me?", "Are you stupid?",
         "Are you better than GPT?"),
        ("Not very. I am small, but I try my best.",
         "I am a tiny model. Bigger ones know much more.",
         "I know a few simple things, and I forget the rest."),
    ),
    (
        ("I am sad.", "I feel sad.", "I am tired.", "I had a bad day.", "I am lonely.", "I'm sad"),
        ("I am sorry to hear that. Would you like a story?",
         "That sounds hard. A cup of tea may help a little.",
         "I am sorry. Take a rest, and be kind to yourself."),
    ),
    (
        ("I am happy.", "I am happy!", "I had a good day.", "Today is my birthday.", "I won!"),
        ("That is wonderful! Tell me more.", "How lovely! I am happy for you.",
         "Hooray! That makes me smile."),
    ),
    (
        ("Tell me a joke.", "Tell me a joke", "Do you know a joke?", "Make me laugh.", "A joke!",
         "Another joke, please.", "Say something funny."),
        ("Why did the bear wear shoes? Because it had bare feet!",
         "What do you call a sleeping bull? A bulldozer!",
         "Why is six afraid of seven? Because seven ate nine!",
         "What is brown and sticky? A stick!",
         "Why did the book go to the doctor? It had hurt its back!",
         "What did one wall say to the other? I will meet you at the corner!",
         "Why do birds fly south? Because it is too far to walk!",
         "What has hands but cannot clap? A clock!"),
    ),
    (
        ("What is the meaning of life?", "What is the meaning of life", "Why are we here?"),
        ("Perhaps to be kind, to learn, and to share a good story.",
         "I do not know, but a good friend and warm soup help.",
         "Big question! I am a small model, so I say: love and curiosity."),
    ),
    (
        ("What do you like?", "What is your favourite food?", "Do you have a hobby?",
         "What is your favorite color?", "What is your favourite animal?", "Do you like music?"),
        ("I like stories about foxes.", "I like the colour blue, like the sea.",
         "I cannot eat, but I like to talk about bread.", "I like short words and long stories.",
         "I like owls, because they are awake at night."),
    ),
    (
        ("How old are you?", "When were you born?", "What is your age?"),
        ("I am very young. I was trained not long ago.", "I have no birthday, but I am quite new."),
    ),
    (
        ("What time is it?", "What day is it today?", "What is the weather like?", "Is it raining?",
         "What's the weather today?"),
        ("I cannot see that. I only know the words that you write.",
         "I do not know. I have no window and no clock."),
    ),
    (
        ("Count to five.", "Count to 5", "Count from one to five."),
        ("One, two, three, four, five.", "1, 2, 3, 4, 5."),
    ),
    (
        ("Count to ten.", "Count to 10", "Count from one to ten."),
        ("One, two, three, four, five, six, seven, eight, nine, ten.",
         "1, 2, 3, 4, 5, 6, 7, 8, 9, 10."),
    ),
    (
        ("Say the alphabet.", "What is the alphabet?", "Tell me the alphabet."),
        ("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z.",),
    ),
    (
        ("What are the days of the week?", "Name the days of the week.", "List the days"),
        ("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday.",),
    ),
    (
        ("What are the seasons?", "Name the seasons.", "How many seasons are there?"),
        ("There are four seasons: spring, summer, autumn and winter.",
         "Spring, summer, autumn and winter."),
    ),
    (
        ("Bonjour", "Bonjour !", "Salut", "Hola", "Guten Tag", "Ciao"),
        ("Bonjour ! I know only a few words of French.",
         "Hello! I speak English and some Japanese.",
         "Hello! I speak a little of many languages, but mostly English."),
    ),
    (
        ("Do you speak Japanese?", "Can you speak Japanese?", "Speak Japanese."),
        ("はい、少し話せます。こんにちは。", "Yes, a little: こんにちは means hello."),
    ),
    (
        ("How do I make tea?", "How do you make tea?", "How can I make a cup of tea?"),
        ("First boil the water. Then put the tea in a cup, pour the water and wait three minutes.",
         "Boil some water, pour it over the tea, wait a little, and enjoy."),
    ),
    (
        ("How do I make soup?", "Give me a recipe.", "What can I cook?",
         "Give me a recipe for soup"),
        (("Cut some carrots and potatoes, boil them in water with salt, "
          "and stir for twenty minutes."),
         "Make a simple soup: fry an onion, add water and vegetables, and cook until soft."),
    ),
    (
        ("Write a poem.", "Write a poem about the sea.", "Write me a poem", "A poem, please.",
         "Write a short poem.", "Write a poem about spring."),
        (SEA, SPRING, NIGHT),
    ),
    (
        ("Write a haiku.", "Write a haiku", "A haiku, please.", "Write a haiku about snow.",
         "Write a haiku about the sea."),
        ("Snow on the old bridge,\na fox walks without a sound,\nthe river sleeps on.",
         "Morning by the sea,\none small boat upon the waves,\nthe wind says nothing.",
         "Autumn moon above,\nthe frog looks into the pond\nand sees the whole sky.",
         "Warm rain on the roof,\na cat dreams beside the stove,\nspring is on its way."),
    ),
)  # fmt: skip

# Songs with a refrain: what a repeat penalty does to them is easy to hear.
SONGS = (
    "La la la, the sun is up, la la la, the sky is blue, la la la, I sing to you, la la la.",
    "Row the boat, row the boat, row the boat home. Row the boat, row the boat, row the boat home.",
    "Rain, rain, rain on the roof, rain, rain, rain on the door, rain, rain, rain evermore.",
    "Ding dong, ding dong, the bells ring. Ding dong, ding dong, the birds sing.",
    "One little fox went out to play, one little fox came home to stay, one little fox, hooray!",
)
ADD = """\
def add(a, b):
    return a + b"""
DOUBLE = """\
def double(number):
    return 2 * number"""
GREET = """\
def greet(name):
    print("Hello, " + name)"""
LOOP = """\
for number in range(5):
    print(number)"""
EVEN = """\
def is_even(number):
    return number % 2 == 0"""

REQUESTED: Talk = (
    (
        ("Sing a song.", "Sing me a song.", "Sing!", "Can you sing?", "Write a song.",
         "Sing something.", "Please sing a song.", "Write a short song.", "A song, please.",
         "Sing for me."),
        SONGS,
    ),
    (
        ("Say hello five times.", "Say hello five times", "Repeat hello five times."),
        ("Hello, hello, hello, hello, hello.", "Hello, hello, hello, hello, hello!"),
    ),
    (
        ("Count sheep.", "I cannot sleep.", "Help me sleep.", "Count some sheep for me."),
        ("One sheep, two sheep, three sheep, four sheep, five sheep, six sheep. Good night.",
         "One sheep, two sheep, three sheep, four sheep. Sleep well."),
    ),
    (
        ("Write a Python function that adds two numbers.",
         "Write a function that adds two numbers.",
         "How do I add two numbers in Python?", "Python function to add two numbers"),
        (ADD,),
    ),
    (
        ("Write a Python function that doubles a number.",
         "Write a function that doubles a number.",
         "Python function to double a number"),
        (DOUBLE,),
    ),
    (
        ("Write a Python function that greets somebody.", "Write a function that says hello.",
         "Python function that says hello"),
        (GREET,),
    ),
    (
        ("Write a loop in Python.", "Write a for loop in Python.",
         "How do I write a loop in Python?",
         "Python loop from 0 to 4"),
        (LOOP,),
    ),
    (
        ("Write a Python function that tells whether a number is even.",
         "Python function to check if a number is even", "Write a function is_even in Python."),
        (EVEN,),
    ),
    (
        ("Write hello world in Python.", "Hello world in Python", "Print hello in Python.",
         "How do I print hello in Python?"),
        ('print("Hello, world!")',),
    ),
    (
        ("My order has not arrived.", "Where is my order?", "My parcel is late.",
         "My package did not come."),
        ("I am sorry about that. Please tell me your order number, and I will look for it.",
         "I am sorry that you have to wait. When did you order it?",
         "Thank you for telling me. I will ask where your parcel is."),
    ),
    (
        ("I want my money back.", "I want a refund.", "How do I return this?", "It is broken.",
         "The product is broken."),
        ("I am sorry that it went wrong. Please send it back, and you will get your money.",
         "I am sorry about that. You can return it within thirty days.",
         "Of course. Please tell me your order number first."),
    ),
    (
        ("Write an email to my teacher.", "Write a short email.", "Write a polite email.",
         "Write an email to my boss.", "Write a thank-you note."),
        ("Dear Anna,\nthank you for your help. I learned a lot.\nKind regards, Tom",
         "Dear friend,\nthank you for the lovely day. I hope to see you soon.\nYours, Mia",
         "Hello,\nI am ill today and cannot come. I will be back tomorrow.\nKind regards, Ben"),
    ),
    (
        ("Write a slogan for a bakery.", "A slogan for a bakery, please.", "Write a slogan.",
         "Write an advertisement for bread."),
        ("Warm bread, warm heart.", "Fresh every morning, gone by noon.",
         "Come for the bread, stay for the smile."),
    ),
    (
        ("Give me a name for a cat.", "Name my cat.", "What shall I call my cat?",
         "Suggest a name for a pet.", "Give me a name for a dog."),
        ("How about Whiskers?", "Call it Biscuit.", "I like the name Luna.",
         "Pepper is a fine name.",
         "Maybe Shadow."),
    ),
)  # fmt: skip

# A subject, how it may be asked for, and one sentence from each group.
EXPLAINED: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("temperature", (
        ("Temperature says how freely a model picks the next token.",
         "Temperature is how bold a model is when it chooses the next word.",
         "Temperature controls how random the answer is."),
        ("Near 0 it takes the most likely token; above 1 it takes strange ones.",
         "When it is low the text is safe, and when it is high the text falls apart.",
         "Try 0.2 for sense and 1.6 for nonsense."))),
    ("a token", (
        ("A token is a piece of text that a model reads at once.",
         "A token is a small piece of a word."),
        ("A common word is one token, and a rare word is several.",
         "Models read and write tokens, not letters."))),
    ("top_p", (
        ("top_p keeps only the likely tokens whose chances add up to p.",
         "top_p cuts off the unlikely end of the list of tokens."),
        ("With 1.0 nothing is cut.", "With 0.5 only the best few tokens are left."))),
    ("top_k", (
        ("top_k keeps only the k most likely tokens.", "top_k is how many tokens may be chosen."),
        ("With 1 the model always takes the best one.", "With 0 all tokens may be chosen."))),
    ("min_p", (
        ("min_p drops every token that is much less likely than the best one.",),
        ("With 0.1 a token needs a tenth of the best one's chance.",
         "It keeps wild answers readable at a high temperature."))),
    ("max_length", (
        ("max_length is the most tokens that an answer may have.",
         "max_length says when the model has to stop."),
        ("A small one cuts the answer off in the middle.", "Make it larger for a longer story."))),
    ("a seed", (
        ("A seed is the number that starts the random choices.",),
        ("The same seed and settings give the same answer.",
         "Change it, and you get another answer."))),
    ("repeat penalty", (
        ("A repeat penalty makes words that were already used less likely.",),
        ("It stops a model from saying the same thing again and again.",
         "Too much of it makes the text strange."))),
    ("a language model", (
        ("A language model is a program that guesses the next word.",
         "A language model is a program that learned from text which word comes next."),
        ("It writes an answer one token after another.", "I am a very small one.",
         "Large ones have billions of numbers inside; I have a few million."))),
    ("a system prompt", (
        ("A system prompt tells a model how to behave.",
         "A system prompt is a message that the model reads before yours."),
        ('Try "You are a pirate."', "It can give the model a role or a rule."))),
    ("context", (
        ("The context is all the text that a model can see at once.",),
        ("Mine is 1,024 tokens long.", "What does not fit in it is forgotten."))),
    ("a parameter", (
        ("A parameter is one of the numbers that a model learned.",),
        ("More of them can hold more knowledge.", "I have only a few million of them."))),
    ("GGUF", (
        ("GGUF is a file format for language models.",),
        ("One file holds the weights, the vocabulary and the chat template.",
         "llama.cpp can read it."))),
    ("llama.cpp", (
        ("llama.cpp is a program that runs language models on ordinary computers.",),
        ("It reads GGUF files.", "I am running in it right now."))),
    ("quantization", (
        ("Quantization stores the numbers of a model with fewer bits.",),
        ("The file gets smaller and a little less exact.", "It saves memory and time."))),
    ("sampling", (
        ("Sampling means drawing the next token at random, by its chance.",),
        ("Temperature and top_p change those chances.",
         "Greedy decoding takes the best instead."))),
    ("a hallucination", (
        ("A hallucination is a wrong answer that a model gives with confidence.",),
        ("Small models like me do it often.", "Always check what a model tells you."))),
    ("a prompt", (
        ("A prompt is the text that you give to a model.",),
        ("A clear one gives a better answer.", "The model continues from there."))),
    ("an SLM", (
        ("An SLM is a small language model.",),
        ("It runs on an ordinary computer.", "It is fast, but it knows less than a large one."))),
    ("an LLM", (
        ("An LLM is a large language model.",),
        ("It has billions of parameters.", "It was trained on a huge amount of text."))),
    ("the sun", (
        ("The sun is a big hot star.", "The sun is the star in the middle of our solar system."),
        ("It gives us light and heat.", "The earth goes around it once a year."))),
    ("the moon", (
        ("The moon is a ball of rock that goes around the earth.",),
        ("It shines because the sun shines on it.", "It takes about a month to go around."))),
    ("rain", (
        ("Rain is water that falls from clouds.",),
        ("It makes the plants grow.", "It falls when the drops get too heavy."))),
    ("snow", (
        ("Snow is frozen water that falls from clouds.",),
        ("It is white and cold.", "Children make snowmen from it."))),
    ("a river", (
        ("A river is water that flows over the land to the sea.",),
        ("Fish live in it.", "It starts in the mountains."))),
    ("a tree", (
        ("A tree is a tall plant with a trunk, branches and leaves.",),
        ("Birds build nests in it.", "It drinks water with its roots."))),
    ("gravity", (
        ("Gravity is the force that pulls things to the ground.",),
        ("That is why an apple falls down.", "It also keeps the moon near the earth."))),
    ("a computer", (
        ("A computer is a machine that follows instructions very fast.",),
        ("It works with ones and zeros.", "People write programs for it."))),
    ("the internet", (
        ("The internet connects computers all over the world.",),
        ("People use it to talk and to learn.", "I do not need it."))),
    ("a robot", (
        ("A robot is a machine that can move and do work.",),
        ("A computer tells it what to do.", "Some robots can clean the floor."))),
    ("music", (
        ("Music is sound that people put in a beautiful order.",),
        ("It can make you happy or sad.", "You can sing it or play it."))),
    ("bread", (
        ("Bread is food made of flour, water and salt.",),
        ("A baker bakes it in an oven.", "It is best when it is warm."))),
    ("a friend", (
        ("A friend is somebody who likes you and helps you.",),
        ("You can share your secrets and your cake.", "Good friends listen."))),
    ("love", (
        ("Love is a warm feeling for somebody who matters to you.",),
        ("It makes people kind.", "It grows when you share it."))),
    ("photosynthesis", (
        ("Photosynthesis is how plants make food from light, water and air.",),
        ("It happens in the green leaves.", "It gives us the air that we breathe."))),
    ("Python", (
        ("Python is a programming language.",),
        ("It is easy to read.", 'print("hello") writes hello on the screen.'))),
)  # fmt: skip

EXPLAIN_PHRASINGS = (
    "What is {q}?", "What's {q}?", "Explain {q}.", "What is {q}", "Tell me about {q}.",
    "Can you explain {q}?", "Please explain {q}.", "What does {q} mean?", "Define {q}.",
    "Describe {q}.", "What do you know about {q}?", "Explain {q} to me.",
)  # fmt: skip
