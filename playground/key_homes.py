"""Where a key belongs: to the entry that named its variable first, or to a service known to all.

A catalogue file is somebody else's data. It may name a variable whose key is meant for another
place, and must not get it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from playground.addresses import origin

__all__ = ["KEY_VARIABLE", "Home", "well_known"]

KEY_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*_(?:API_KEY|TOKEN)")
"""What a variable that holds a key is called: no other may be sent to an endpoint."""


class Home(NamedTuple):
    """The place that a key belongs to. One that has no address is nowhere, and takes nothing.

    `owner` is its name for people, `key_required` whether that place can do without a key. Of a
    service that is known to all, `hosts` are its own: the subdomains of each belong to it.
    """

    owner: str
    base_url: str = ""
    base_url_env: str = ""
    key_required: bool = True
    hosts: tuple[str, ...] = ()

    def takes(self, base_url: str, base_url_env: str) -> bool:
        """Whether an entry with this address, and this variable that moves it, sends here only.

        An address in the environment may be set to anything, together with the key for it: only
        the very same variable will do, and where there is one it has to be there.
        """
        if self.hosts:
            scheme, host, port = origin(base_url)
            ours = any(host == name or host.endswith(f".{name}") for name in self.hosts)
            return ours and (scheme, port, base_url_env) == ("https", 443, "")
        if not (self.base_url or self.base_url_env):
            return False
        return (origin(base_url), base_url_env) == (origin(self.base_url), self.base_url_env)

    def __str__(self) -> str:
        if self.hosts:
            return f"{self.owner} ({', '.join(self.hosts)})"
        place = where(self.base_url, self.base_url_env)
        return f"{self.owner} ({place})" if place else self.owner


def where(base_url: str, base_url_env: str) -> str:
    """Where an entry sends its requests, in words; empty if nowhere."""
    told = [base_url] if base_url else []
    told += [f"where {base_url_env} says"] if base_url_env else []
    return " or ".join(told)


def well_known(variable: str) -> Home | None:
    """The home of a variable that many people have set for something else; None of any other."""
    return next((home for names, home in _SERVICES.items() if variable.startswith(names)), None)


_SERVICES: Final[dict[tuple[str, ...], Home]] = {
    ("HF_", "HUGGING_FACE_", "HUGGINGFACE"): Home(
        "the Hugging Face Hub",
        # No more of its domains: under those of its clouds anybody can have a server.
        hosts=("huggingface.co",),
    ),
    ("GITHUB_", "GH_", "ACTIONS_RUNTIME_", "ACTIONS_ID_", "COPILOT_"): Home(
        "GitHub",
        hosts=("github.com", "github.ai", "githubcopilot.com", "models.inference.ai.azure.com"),
    ),
    ("GITLAB_", "CI_JOB_", "CI_DEPLOY_"): Home("GitLab", hosts=("gitlab.com",)),
    ("AZURE_",): Home(
        "Azure",
        hosts=("openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com"),
    ),
    ("GOOGLE_", "GCP_", "GCLOUD_"): Home("Google", hosts=("googleapis.com",)),
    ("CLOUDFLARE_", "CF_"): Home("Cloudflare", hosts=("api.cloudflare.com",)),
    ("DATABRICKS_",): Home(
        "Databricks",
        hosts=("cloud.databricks.com", "gcp.databricks.com", "azuredatabricks.net"),
    ),
    ("DIGITALOCEAN_",): Home("DigitalOcean", hosts=("digitalocean.com", "inference.do-ai.run")),
    ("HEROKU_",): Home("Heroku", hosts=("heroku.com",)),
    ("VERCEL_",): Home("Vercel", hosts=("vercel.com", "ai-gateway.vercel.sh")),
    ("COHERE_",): Home("Cohere", hosts=("cohere.com", "cohere.ai")),
    ("PERPLEXITY_",): Home("Perplexity", hosts=("perplexity.ai",)),
    ("REPLICATE_",): Home("Replicate", hosts=("replicate.com",)),
    ("WANDB_",): Home("Weights & Biases", hosts=("wandb.ai",)),
    # Nothing that answers chat completions takes these.
    (
        "AWS_", "ANACONDA_", "ATLASSIAN_", "BITBUCKET_", "CARGO_", "CIRCLE_", "CODECOV_", "CONSUL_",
        "DATADOG_", "DD_", "DISCORD_", "DOCKER_", "DOCKERHUB_", "FLY_", "GEM_HOST_", "JIRA_",
        "KAGGLE_", "LANGCHAIN_", "LANGSMITH_", "LINEAR_", "NETLIFY_", "NEW_RELIC_", "NODE_AUTH_",
        "NOMAD_", "NOTION_", "NPM_", "PAGERDUTY_", "PYPI_", "SENDGRID_", "SENTRY_", "SLACK_",
        "SNYK_", "SONAR_", "STRIPE_", "TELEGRAM_", "TF_", "TWILIO_", "TWINE_", "UV_PUBLISH_",
        "VAULT_",
    ): Home("another service"),
}  # fmt: skip
"""By how their variables begin. Of a home without hosts no key is sent anywhere."""
