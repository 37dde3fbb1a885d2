"""The types of custom objects, which only a person can name."""

import re

from intercom_assets.settings.values import Info, Reads, Refused, list_names, wrong

_ALLOWED = "identifiers of types of custom objects are allowed, such as Order,Subscription"


@Reads
def read_custom_object_types(value: object, info: Info) -> tuple[str, ...]:
    """Read identifiers of types; whatever reads custom objects needs one."""
    names = list_names(value)
    if names is None or (value and not names):
        raise ValueError(_ALLOWED)
    # Part of a path.
    if refused := [one for one in names if not re.fullmatch(r"\w[\w .-]{0,254}", one)]:
        raise Refused(*(wrong(one, _ALLOWED) for one in refused))
    if "selected" in info.data:
        needed = any(one.each for one in info.data["selected"])
        if needed and not names:
            raise Refused(
                "must name the types to read, such as Order,Subscription, since the setting "
                "resources selects custom_objects and Intercom lists no types; or take "
                "custom_objects out"
            )
        if names and not needed:
            info.context.warnings.append(
                "custom_object_types is set, but the setting resources leaves out custom_objects"
            )
    return tuple(dict.fromkeys(names))
