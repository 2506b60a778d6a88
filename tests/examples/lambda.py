"""What is around functions on AWS, on one port: a function URL, a table of DynamoDB, and its stream.

lambda.py FILE HANDLER WORK, in the folder of the file; PORT is its port.
"""

import json
import os
import runpy
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FILE, HANDLER, WORK = sys.argv[1:]
PORT = os.environ["PORT"]
os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "eu-central-1"}
os.environ |= {"INBOX_TABLE": "inbox", "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{PORT}"}
functions = runpy.run_path(FILE)
table = {}


def put(call):
    """The one call that a receiver makes."""
    if call["TableName"] != "inbox" or call["ConditionExpression"] != "attribute_not_exists(id)":
        return 400, {"__type": "ValidationException"}
    item = call["Item"]
    if table.setdefault(item["id"]["S"], item) is not item:
        return 400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": item}}
    threading.Thread(target=functions[WORK], args=[{"Records": [record]}, None]).start()
    return 200, {}


class Port(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.headers["x-amz-target"] == "DynamoDB_20120810.PutItem":
            status, answer = put(json.loads(body))
            text = json.dumps(answer)
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = {"version": "2.0", "headers": headers, "body": body, "isBase64Encoded": False}
            answer = functions[HANDLER](request, None)
            status, text = answer["statusCode"], answer["body"]
        self.send_response_only(status)
        if status != 204:
            self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


ThreadingHTTPServer(("127.0.0.1", int(PORT)), Port).serve_forever()
