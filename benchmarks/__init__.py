"""How fast a sync is: whole processes against the simulator, measured and reported.

`python -m benchmarks --help`. Nothing here is imported by the package.
"""
