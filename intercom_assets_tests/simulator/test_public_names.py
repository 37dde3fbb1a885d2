"""What the package promises."""

from intercom_assets import simulator


def test_every_promised_name_exists() -> None:
    """`__all__` lists what is there."""
    assert all(hasattr(simulator, name) for name in simulator.__all__)


def test_a_workspace_does_not_show_its_token() -> None:
    """The repr of a workspace is short and tells no token."""
    assert "simulated-token" not in repr(simulator.Workspace())
