"""A running service → whether clients that were made for others read it: openai, langchain-openai, llama-index, mcp.

Run by hand in an environment of its own, which these need and we do not:
    pip install openai langchain-openai llama-index-llms-openai-like mcp
    python clients/trial/python_clients.py http://127.0.0.1:8000 "your question"
"""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import version

import openai
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike
from mcp import Client


def try_openai(base: str, question: str) -> str:
    client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0)
    said = client.chat.completions.create(model="lectures", messages=[{"role": "user", "content": question}])
    message = said.choices[0].message
    assert message.content, said
    assert message.annotations, said
    assert len(client.embeddings.create(model="lectures", input="dropout").data[0].embedding) > 1
    return f"{len(message.annotations)} annotations"


def try_langchain(base: str, question: str) -> str:
    chat = ChatOpenAI(base_url=f"{base}/v1", api_key="none", model="lectures", max_retries=0, stream_usage=True)
    whole = chat.invoke(question)
    gathered = None
    for piece in chat.stream(question):
        gathered = piece if gathered is None else gathered + piece
    assert gathered is not None
    assert gathered.text == whole.text != ""
    assert gathered.response_metadata["finish_reason"] == "stop", gathered.response_metadata
    assert gathered.usage_metadata, "a stream tells its usage"
    vectors = OpenAIEmbeddings(
        base_url=f"{base}/v1", api_key="none", model="lectures", check_embedding_ctx_length=False
    ).embed_documents(["dropout", "loss"])
    assert len(vectors) == 2
    return (
        f"{len(whole.text)} characters whole and streamed, {gathered.usage_metadata['total_tokens']} tokens, embeddings"
    )


def try_llama_index(base: str, question: str) -> str:
    model = OpenAILike(api_base=f"{base}/v1", api_key="none", model="lectures", is_chat_model=True, max_retries=0)
    asked = [ChatMessage(role="user", content=question)]
    whole = model.chat(asked).message.content
    streamed = "".join(piece.delta or "" for piece in model.stream_chat(asked))
    assert whole == streamed != ""
    return f"{len(streamed)} characters whole and streamed"


async def try_mcp(base: str, question: str) -> str:
    async with Client(f"{base}/mcp") as session:
        tools = sorted(tool.name for tool in (await session.list_tools()).tools)
        found = await session.call_tool("search", {"query": question})
        first = found.structured_content["results"][0]
        fetched = await session.call_tool("fetch", {"id": first["id"]})
        assert fetched.structured_content["text"]
        answered = await session.call_tool("ask", {"question": question})
        assert answered.structured_content["citations"], answered
        refused = await session.call_tool("fetch", {"id": "p_nothing"})
        assert refused.is_error
        return f"tools {', '.join(tools)}; an unknown id is refused: {refused.content[0].text}"


def main() -> None:
    base, question = sys.argv[1].rstrip("/"), sys.argv[2]
    trials = {
        "openai": lambda: try_openai(base, question),
        "langchain-openai": lambda: try_langchain(base, question),
        "llama-index-llms-openai-like": lambda: try_llama_index(base, question),
        "mcp": lambda: asyncio.run(try_mcp(base, question)),
    }
    for name, tried in trials.items():
        print(f"{name} {version(name)}: {tried()}")


if __name__ == "__main__":
    main()
