import { RECEIVERS } from "../receivers";
import { Code } from "./Code";
import { Tabs } from "./Tabs";

/** Code for a receiver that verifies, per language. */
export function ReceiverCode() {
  const tabs = RECEIVERS.map(({ name, install, code }) => ({
    name,
    content: () => (
      <>
        {install && <Code text={install} of={`how to install it for ${name}`} />}
        <Code text={code.trimEnd()} of={`a receiver in ${name}`} />
      </>
    ),
  }));
  return <Tabs label="Language of the receiver" tabs={tabs} />;
}
