// Receivers to copy. The texts stand in the READMEs of the packages and in examples/go too, and a test holds them to it.
import go from "./go.go?raw";
import node from "./node.js?raw";
import python from "./python.py?raw";
import rust from "./rust.rs?raw";

export interface Receiver {
  name: string;
  /** What brings the library; the standard library is enough where there is none. */
  install?: string;
  code: string;
}

export const RECEIVERS: Receiver[] = [
  { name: "Node", install: "npm install @encrata/webhooks", code: node },
  { name: "Python", install: "pip install encrata-webhooks", code: python },
  { name: "Go", code: go },
  { name: "Rust", install: "cargo add encrata-webhooks", code: rust },
];
