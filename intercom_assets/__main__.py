"""`python -m intercom_assets` is the command `intercom-assets`."""

from intercom_assets.cli import main

try:
    main()
finally:
    # Python keeps in mind that Ctrl-C met code that was run from text, as dataclasses and named
    # tuples are while modules are imported. It then ends a `-m` by the signal, whatever handled
    # the interrupt and whichever code was chosen. Running text to its end makes it forget.
    exec("")  # noqa: S102 - nothing is run
