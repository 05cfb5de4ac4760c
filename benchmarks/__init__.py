"""Programs that measure. `python -m benchmarks` writes docs/performance.md and docs/comparison.md.

    python -m benchmarks                    everything, and the pages
    python -m benchmarks --only calls       one table, to the terminal
    python -m benchmarks.soak --minutes 3   threads, faults and kills for minutes; the exit status tells
    python -m benchmarks.instructions       what a call costs without a clock, where valgrind is installed

The peers are the extra `bench` of pyproject.toml; one that is not installed is listed as such. Loopback only.
"""
