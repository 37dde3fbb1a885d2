"""`python -m intercom_assets` is the command `intercom-assets`."""

from intercom_assets.cli import main

main()
