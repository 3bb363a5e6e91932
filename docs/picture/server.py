"""A binary cache in a directory, by HTTP PUT, as if far away: it takes its time for each kilobyte.

usage: server.py PORT DIRECTORY
"""

import http.server
import os
import sys
import time

os.chdir(sys.argv[2])


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_PUT(self):
        path = self.translate_path(self.path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        left = int(self.headers["Content-Length"])
        with open(path + ".part", "wb") as file:
            while left > 0:
                piece = self.rfile.read(min(left, 65536))
                if not piece:
                    return
                file.write(piece)
                left -= len(piece)
                time.sleep(len(piece) / 2_000_000)
        os.rename(path + ".part", path)
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
