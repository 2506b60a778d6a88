import json
import os
from typing import Any

import boto3
from encrata_webhooks import WebhookEvent
from encrata_webhooks.aws_lambda import webhook_handler

db = boto3.client("dynamodb")


@webhook_handler()
def lambda_handler(event: WebhookEvent, request: dict[str, Any], context: Any) -> None:
    """Behind a function URL or a gateway: keeps each event once, by its id, and answers."""
    try:
        db.put_item(
            TableName=os.environ["INBOX_TABLE"],  # with `id` for its key, and a stream of new images
            Item={"id": {"S": event.id}, "body": {"S": request["body"]}},
            ConditionExpression="attribute_not_exists(id)",
        )
    except db.exceptions.ConditionalCheckFailedException:
        pass  # it has the same id at every attempt, and came before; any other error is a 500, and it comes again


def work(stream: dict[str, Any], context: Any) -> None:
    """Behind the table's stream, for after the answer a function stands still: is called again when it raises."""
    for record in stream["Records"]:
        if record["eventName"] == "INSERT":
            item = record["dynamodb"]["NewImage"]
            event = json.loads(item["body"]["S"])
            print(item["id"]["S"], event["event"], event["data"])
