"""GGUF files from the Hugging Face Hub: find, choose, fetch, check, list and remove them.

A repository's file list, names, sizes and redirects are somebody else's data: what is written
stays inside the user's model folder, is as long as was announced, and has the checksum that the
Hub gives, or it is not kept. `huggingface_hub` is imported when something is asked of the Hub,
and never for what is here already.
"""

from playground.hub.client import Hub, Repository
from playground.hub.fetching import Watcher
from playground.hub.offers import HubFile, Offer
from playground.hub.pulling import pull
from playground.hub.reference import HubRef
from playground.hub.shelf import Pulled, find_pulled, pulled, remove

__all__ = [
    "Hub",
    "HubFile",
    "HubRef",
    "Offer",
    "Pulled",
    "Repository",
    "Watcher",
    "find_pulled",
    "pull",
    "pulled",
    "remove",
]
