from io import BytesIO

import pytest

from config.chunked import ChunkedBodies


def send(environ: dict[str, object], limit: int = 10) -> tuple[str, bytes]:
    """What a Django behind the wrapper would see: the length, and that many bytes."""
    seen = {}

    def application(environ, start_response):
        length = environ.get("CONTENT_LENGTH", "")
        seen["length"] = length
        seen["body"] = environ["wsgi.input"].read(int(length or 0))
        return []

    ChunkedBodies(application, limit=limit)(environ, lambda *_: None)
    return seen["length"], seen["body"]


def chunked(body: bytes, **more: str) -> dict[str, object]:
    return {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": BytesIO(body),
        **more,
    }


def test_a_chunked_body_gets_its_length():
    assert send(chunked(b"12345")) == ("5", b"12345")


def test_a_body_of_the_limit_passes_and_one_byte_more_does_not():
    assert send(chunked(b"x" * 10)) == ("10", b"x" * 10)
    assert send(chunked(b"x" * 11)) == ("11", b"")


def test_no_more_than_the_limit_is_read():
    source = BytesIO(b"x" * 1000)
    send({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": source})
    assert source.tell() == 11


def test_a_length_beside_the_encoding_is_not_believed():
    assert send(chunked(b"12345", CONTENT_LENGTH="2")) == ("5", b"12345")


@pytest.mark.parametrize("length", ["5", "5000"])
def test_a_body_with_a_length_is_left_alone(length):
    source = BytesIO(b"12345")
    assert send({"CONTENT_LENGTH": length, "wsgi.input": source}) == (length, b"12345")
