import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { webhookHandler } from "@encrata/webhooks/aws-lambda";

const db = new DynamoDBClient();

/** Behind a function URL or a gateway: keeps each event once, by its id, and answers. */
export const handler = webhookHandler(async (event) => {
  const put = new PutItemCommand({
    TableName: process.env.INBOX_TABLE, // with `id` for its key, and a stream of new images
    Item: { id: { S: event.id }, event: { S: JSON.stringify(event) } },
    ConditionExpression: "attribute_not_exists(id)",
  });
  await db.send(put).catch((error) => {
    // It has the same id at every attempt, and came before. Anything else is answered with 500, and it comes again.
    if (error.name !== "ConditionalCheckFailedException") throw error;
  });
});

/** Behind the table's stream, for after the answer a function stands still: works, and is called again when it throws. */
export const work = async ({ Records }) => {
  for (const { eventName, dynamodb } of Records) {
    if (eventName !== "INSERT") continue;
    const event = JSON.parse(dynamodb.NewImage.event.S);
    console.log(event.id, event.event, event.data);
  }
};
