"""A program: `responses` takes the place of HTTPAdapter.send before anything of ours is loaded, and gives it back."""

from __future__ import annotations

import responses


def main() -> None:
    with responses.RequestsMock() as made_up:
        from agentsea_gateway import Candidate, Gateway
        from agentsea_gateway.errors import GatewayError
        from agentsea_gateway.providers import OpenAI

        made_up.post("http://127.0.0.1:9/chat/completions", json={"choices": [{"message": {"content": "made up"}}]})
        gateway = Gateway([Candidate("it", OpenAI(api_key="k", base_url="http://127.0.0.1:9"), model="m")])
        print(gateway.completion("Hi").content)
    try:
        gateway.completion("Hi")
    except GatewayError as error:
        print("refused" in str(error))


if __name__ == "__main__":
    main()
