#!/usr/bin/env python3
"""debuginfod-server.py DIR: a debuginfod server that does as the first part of the path says.

DIR/ID is served for buildid/ID/debuginfo. Each request is a line of DIR/requests; the port is in
DIR/port. Ends when its standard input does.
"""
import http.server
import os
import sys
import threading
import time

folder = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def redirect(self, target):
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def body(self, data, size=None):
        self.send_response(200)
        if size is not None:
            self.send_header("Content-Length", str(size))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            pass

    def file(self, build_id):
        try:
            with open(os.path.join(folder, build_id), "rb") as file:
                return file.read()
        except OSError:
            return None

    def do_GET(self):
        with open(os.path.join(folder, "requests"), "a") as log:
            log.write(self.path + "\n")
        how, build_id = self.path.split("/")[1], self.path.split("/")[-2]
        data = self.file(build_id)
        port = self.server.server_address[1]
        if how == "good" and data:
            self.body(data, len(data))
        elif how == "wrong":
            data = self.file("wrong")
            self.body(data, len(data))
        elif how == "cut":
            self.body(data[: len(data) // 2], len(data))
        elif how == "short":  # as if it were all
            self.body(data[: len(data) // 2], len(data) // 2)
        elif how == "text":
            self.body(b"<html>Log in first</html>")
        elif how == "elsewhere":
            self.redirect("http://localhost:%d/good/buildid/%s/debuginfo" % (port, build_id))
        elif how == "file":
            self.redirect("file://%s/%s" % (os.path.abspath(folder), build_id))
        elif how == "loop":
            self.redirect(self.path)
        elif how == "silent":
            time.sleep(60)
        elif how == "broken":
            self.send_error(503)
        else:
            self.send_error(404)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(os.path.join(folder, "port.new"), "w") as f:
    f.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
sys.stdin.read()
