"""The salt of a source's hashes, as a Dagster resource.

Dagster gets only the name of the variable, so that no repr, log or page contains the value.
"""

import dagster as dg
from pydantic import Field

from intercom_assets.catalog import CATALOG
from intercom_assets.engine.mask import Mask
from intercom_assets.settings.privacy import Privacy, hash_key


class HashSalt(dg.ConfigurableResource):  # type: ignore[type-arg]  # no value of its own
    """The key of the hashes of a source."""

    salt: str = Field(repr=False, description="Salt; set it as an environment variable.")
    salt_variable: str = Field(description="Name of that variable, for messages.")

    def key(self) -> bytes:
        """Return the key.

        Raises:
            ConfigurationError: The salt is unusable; the message names the variable.
        """
        return hash_key(self.salt, self.salt_variable)


def build_salt(privacy: Privacy) -> HashSalt | None:
    """Build the Dagster resource of the salt, or return None if nothing is hashed."""
    if privacy.salt_variable is None:
        return None
    return HashSalt(salt=dg.EnvVar(privacy.salt_variable), salt_variable=privacy.salt_variable)


def build_mask(privacy: Privacy, resource: str, salt: HashSalt | None) -> Mask | None:
    """Build the mask of a resource, or return None if nothing is hidden.

    Raises:
        ConfigurationError: The salt is unusable.
    """
    hidden = privacy.of(resource)
    if not hidden:
        return None
    return Mask(CATALOG[resource].table, hidden, salt.key() if salt else b"")
