// Prints what is said by a runtime that refuses WebAssembly, as JSON.
import { refusals } from "./refusals.mjs";

console.log(JSON.stringify(refusals()));
