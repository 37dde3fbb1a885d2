"""What the package promises."""

import intercom_simulator


def test_every_promised_name_exists() -> None:
    """`__all__` lists what is there."""
    assert all(hasattr(intercom_simulator, name) for name in intercom_simulator.__all__)


def test_a_workspace_does_not_show_its_token() -> None:
    """The repr of a workspace is short and tells no token."""
    assert "simulated-token" not in repr(intercom_simulator.Workspace())
