// Prints what failed, as JSON: `[]` when nothing did.
import { report } from "./report.mjs";

report().then((failures) => console.log(JSON.stringify(failures)));
