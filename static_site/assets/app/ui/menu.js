// A menu of actions in the top layer: a native popover placed by its button, a sheet on phones.
import { html, useLayoutEffect, useRef, useState } from "../html.js";
import { Icon } from "./icons.js";

const GAP = 6;

function place(menu, button) {
  const from = button.getBoundingClientRect();
  const below = from.bottom + GAP + menu.offsetHeight < innerHeight;
  const top = below ? from.bottom + GAP : Math.max(GAP, from.top - GAP - menu.offsetHeight);
  menu.style.top = `${top}px`;
  menu.style.left = `${Math.max(GAP, from.right - menu.offsetWidth)}px`;
}

function step(menu, event) {
  const items = [...menu.querySelectorAll("[role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items.at(to % items.length).focus();
}

function Items({ items, button, onClose }) {
  const menu = useRef();
  useLayoutEffect(() => {
    const { current } = menu;
    current.showPopover();
    place(current, button.current);
    current.querySelector("[role=menuitem]").focus({ preventScroll: true });
    const follow = () => place(current, button.current);
    addEventListener("scroll", follow, { passive: true });
    return () => removeEventListener("scroll", follow);
  }, []);
  const run = (item) => () => {
    menu.current.hidePopover();
    item.run?.();
  };
  const item = (one) => {
    const inner = html`<${Icon} name=${one.icon} /><span>${one.label}</span>`;
    return one.href
      ? html`<a role="menuitem" href=${one.href} target="_blank" rel="noopener noreferrer" onClick=${run(one)}>${inner}</a>`
      : html`<button type="button" role="menuitem" class=${one.danger ? "danger" : ""} onClick=${run(one)}>${inner}</button>`;
  };
  return html`<div ref=${menu} class="menu" popover="auto" role="menu"
    onKeyDown=${(event) => step(menu.current, event)}
    onToggle=${(event) => event.newState === "closed" && onClose()}>
    ${items.map((one) => html`<div role="none" key=${one.label} class=${one.apart ? "apart" : ""}>${item(one)}</div>`)}
  </div>`;
}

/** `items` are {label, icon, run | href, danger?, apart?}; `children`, where there are some, are the button's face. */
export function Menu({ label, items, kind = "icon-button", children }) {
  const button = useRef();
  const [open, setOpen] = useState(false);
  // Pressing the button of an open menu closes it before the click comes: don't open it again.
  const wasOpen = useRef(false);
  const click = () => {
    if (!wasOpen.current) setOpen(true);
    wasOpen.current = false;
  };
  return html`<div class="menu-anchor">
    <button type="button" ref=${button} class=${kind} aria-haspopup="menu" aria-expanded=${open}
      aria-label=${label} title=${children ? undefined : "More actions"}
      onPointerDown=${() => (wasOpen.current = open)} onClick=${click}>${children ?? html`<${Icon} name="more" />`}</button>
    ${open && html`<${Items} items=${items} button=${button} onClose=${() => setOpen(false)} />`}
  </div>`;
}
