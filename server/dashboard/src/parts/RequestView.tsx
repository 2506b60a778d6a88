import type { SentRequest } from "../api/client";
import { Code } from "./Code";
import { Tabs } from "./Tabs";

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The very request: its line, its headers, and the body as bytes or to read. */
export function RequestView({ request }: { request: SentRequest }) {
  const { url, headers, body } = request;
  const lines = headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  const tabs = [
    { name: "Body", content: () => <Code text={pretty(body)} of="the body, indented for reading" /> },
    { name: "Headers", content: () => <Code text={lines} of="the headers" wrap /> },
    { name: "Raw body", content: () => <Code text={body} of="the body as it is sent and signed" wrap /> },
  ];
  return (
    <>
      <p class="mono request-line">
        <strong>POST</strong> {url}
      </p>
      <Tabs label="Parts of the request" tabs={tabs} />
    </>
  );
}
