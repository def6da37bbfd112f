"""`python -m adapters.simulators --port 8090 --state backends.sqlite3` serves the simulated backends."""

import argparse
from pathlib import Path

from adapters.simulators.serve import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m adapters.simulators", description="Run the simulated backends.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--state", type=Path, default=Path("backends.sqlite3"), help="SQLite file; made when new")
    parser.add_argument("--client-id", default="facade")
    parser.add_argument("--client-secret", default="facade-secret")
    parser.add_argument("--token-seconds", type=int, default=3600, help="how long a token is valid")
    options = parser.parse_args()
    serve(**vars(options))


if __name__ == "__main__":
    main()
