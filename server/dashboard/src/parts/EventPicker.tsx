import { useId } from "preact/hooks";
import { type EventName, SUBSCRIBABLE } from "../lib/events";

interface Props {
  value: EventName[];
  onChange: (events: EventName[]) => void;
}

/** Which events a webhook gets, with what triggers each. */
export function EventPicker({ value, onChange }: Props) {
  const label = useId();
  const all = SUBSCRIBABLE.map(({ name }) => name);
  const hasAll = value.length === all.length;
  const toggle = (name: EventName) => onChange(all.filter((one) => (one === name) !== value.includes(one)));
  return (
    <div role="group" aria-labelledby={label}>
      <div class="row-card">
        <span class="label" id={label}>
          Events
        </span>
        <button type="button" class="button quiet small" onClick={() => onChange(hasAll ? [] : all)}>
          {hasAll ? "Choose none" : "Choose all"}
        </button>
      </div>
      <div class="choices">
        {SUBSCRIBABLE.map(({ name, description }) => (
          <label key={name} class="choice">
            <input type="checkbox" checked={value.includes(name)} onChange={() => toggle(name)} />
            <span>
              <code>{name}</code>
              <span class="hint">{description}</span>
            </span>
          </label>
        ))}
      </div>
      <p class="said" aria-live="polite">
        {value.length === 0 && "Choose at least one event."}
      </p>
    </div>
  );
}
