import { render } from "preact";
import "./styles/index.css";
import { App } from "./App";
import { apply, chosen } from "./lib/theme";

apply(chosen());
const root = document.getElementById("app");
if (root) render(<App />, root);
