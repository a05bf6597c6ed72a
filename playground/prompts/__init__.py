"""The prompt library: shipped prompts and the user's own, found, filled in and kept.

::

    from playground import Session, prompts

    prompt = prompts.get("translate-fr")
    with Session() as session:
        messages = prompt.render(text="The cat is black.")
        print(session.ask("demo:small", messages, **prompt.suggestion))
"""

from playground.prompts.asking import AskedPrompt, asked_prompt, is_reference, name_and_value
from playground.prompts.keeping import (
    delete_prompt,
    draft_of,
    place_for,
    save_prompt,
    skeleton,
    text_of,
)
from playground.prompts.library import (
    Shelf,
    find_place,
    get,
    list_prompts,
    prompt_folder,
    read_prompt,
)
from playground.prompts.library import all_prompts as all  # noqa: A004 - said with its module
from playground.prompts.prompt import CATEGORIES, OWN_CATEGORY, Case, Prompt, Variable
from playground.prompts.searching import search

__all__ = [
    "CATEGORIES",
    "OWN_CATEGORY",
    "AskedPrompt",
    "Case",
    "Prompt",
    "Shelf",
    "Variable",
    "all",
    "asked_prompt",
    "delete_prompt",
    "draft_of",
    "find_place",
    "get",
    "is_reference",
    "list_prompts",
    "name_and_value",
    "place_for",
    "prompt_folder",
    "read_prompt",
    "save_prompt",
    "search",
    "skeleton",
    "text_of",
]
