"""A web server and a mail server on loopback that keep what they are sent."""

import http.server
import socket
import threading

from aiosmtpd.controller import Controller


class Receiver:
    """A web server on one loopback address that does what it is told."""

    def __init__(self, address="127.0.0.2", tls=None):
        self.seen = []
        self.answer = (200, {}, b"thanks")
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.seen.append((self.path, dict(self.headers), body))
                if callable(receiver.answer):
                    receiver.answer(self)
                    return
                status, headers, text = receiver.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server((address, 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"http://{address}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


class Mailbox:
    """A mail server whose messages can be read."""

    def __init__(self):
        self.messages = []
        self.refuses = False
        # An address that nobody has.
        self.unknown = ""
        mailbox = self

        class Handler:
            async def handle_RCPT(  # noqa: N802
                self, server, session, envelope, address, rcpt_options
            ):
                if address == mailbox.unknown:
                    return "550 No such user"
                envelope.rcpt_tos.append(address)
                return "250 Fine"

            async def handle_DATA(self, server, session, envelope):  # noqa: N802
                if mailbox.refuses:
                    return "451 Try again later"
                mailbox.messages.append(
                    (list(envelope.rcpt_tos), envelope.content.decode())
                )
                return "250 Kept"

        # The library knocks at the port it was given, so it wants one by number.
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.controller = Controller(Handler(), hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def close(self):
        self.controller.stop()
