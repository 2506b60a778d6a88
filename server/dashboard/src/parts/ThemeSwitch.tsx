import { useState } from "preact/hooks";
import { choose, chosen, THEMES, type Theme } from "../lib/theme";

const NAMES: Record<Theme, string> = { system: "System", light: "Light", dark: "Dark" };

export function ThemeSwitch() {
  const [theme, setTheme] = useState(chosen);
  const changed = (next: Theme) => {
    choose(next);
    setTheme(next);
  };
  return (
    <select class="theme" aria-label="Theme" value={theme} onChange={(event) => changed(event.currentTarget.value as Theme)}>
      {THEMES.map((theme) => (
        <option key={theme} value={theme}>
          {NAMES[theme]}
        </option>
      ))}
    </select>
  );
}
