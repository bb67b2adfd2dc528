// The report works without this file. With it: records open beside the text, the timeline can be searched and zoomed,
// the theme can be chosen. No text becomes markup here: everything from the case goes through textContent.
"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  root.classList.add("js");

  // theme
  const themes = ["automatic", "light", "dark"];
  let theme = 0;
  byId("theme").addEventListener("click", () => {
    theme = (theme + 1) % themes.length;
    if (theme) root.dataset.theme = themes[theme];
    else delete root.dataset.theme;
    byId("theme").textContent = "Theme: " + themes[theme];
    dispatchEvent(new Event("themechange"));
  });

  // the sheet: a record, or a row of the timeline, beside the text
  const sheet = byId("sheet");
  let cameFrom = null;
  const openSheet = (title, ...content) => {
    byId("sheet-title").textContent = title;
    byId("sheet-body").replaceChildren(...content);
    if (!sheet.open) {
      cameFrom = document.activeElement;
      sheet.showModal();
    }
    sheet.scrollTop = 0;
    byId("sheet-title").focus();
  };
  const cardOf = (id) => {
    const card = byId(id);
    if (!card || !id.startsWith("ref-")) return null;
    const copy = card.cloneNode(true);
    for (const element of [copy, ...copy.querySelectorAll("[id]")]) element.removeAttribute("id");
    return copy;
  };
  const showRecord = (id) => {
    const card = cardOf(id);
    if (card) openSheet("Record", card);
    return Boolean(card);
  };
  let view = ""; // the fragment of the timeline as it is filtered
  const setHash = (hash) => history.replaceState(null, "", hash || location.pathname + location.search);
  byId("sheet-close").addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
    else if (event.target.closest("a")) sheet.close();
  });
  sheet.addEventListener("close", () => {
    if (location.hash.startsWith("#ref-")) setHash(view);
    if (cameFrom && cameFrom.isConnected) cameFrom.focus();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#ref-"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const hash = link.getAttribute("href"); // a link inside a drawing has no .hash
    if (showRecord(hash.slice(1))) {
      event.preventDefault();
      setHash(hash);
    }
  });
  const followHash = () => {
    if (location.hash.startsWith("#timeline?")) {
      timeline?.restore(location.hash.slice(10));
      return;
    }
    const id = decodeURIComponent(location.hash.slice(1));
    if (id.startsWith("ref-") && !showRecord(id)) timeline?.openRef(id.slice(4));
  };
  addEventListener("hashchange", followHash);

  // the drawing of links: a record lights up what it is tied to
  for (const node of document.querySelectorAll(".node")) {
    const drawing = node.closest(".swim");
    const light = (on) => () => {
      drawing.classList.toggle("lit", on);
      for (const edge of drawing.querySelectorAll(".edge")) {
        edge.classList.toggle("lit", on && edge.dataset.ends.split(" ").includes(node.dataset.node));
      }
    };
    node.addEventListener("pointerenter", light(true));
    node.addEventListener("pointerleave", light(false));
  }

  // the timeline
  let timeline = null;
  const packed = byId("timeline-rows");
  if (packed && "DecompressionStream" in window) {
    const plain = byId("timeline-plain");
    plain.hidden = true;
    unpack(packed.textContent).then((columns) => {
      timeline = explore(columns);
      packed.remove();
      followHash();
    }).catch((fault) => {
      plain.hidden = false; // the plain table is what remains
      throw fault;
    });
  } else followHash();

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
  }

  function explore(columns) {
    const count = columns.text.length;
    const name = (column, row) => column.names[column.codes[row]];
    const ref = (row) => name(columns.of, row) + "#" + columns.record[row];
    // where a row stands on the axis: its estimate, else the middle of its bounds, else nowhere
    const at = Float64Array.from({ length: count }, (_, row) => {
      const us = columns.us[row], earliest = columns.earliest[row], latest = columns.latest[row];
      if (us !== null) return us;
      if (earliest !== null && latest !== null) return (earliest + latest) / 2;
      return earliest ?? latest ?? NaN;
    });
    let begin = Infinity, end = -Infinity;
    for (const us of at) {
      if (us < begin) begin = us;
      if (us > end) end = us;
    }
    const whole = begin <= end ? [begin, Math.max(end, begin + 1e6)] : [0, 1e6];
    let range = null;
    let shown = new Uint32Array(0);
    let active = 0;

    const moment = (us) => {
      const text = new Date(Math.floor(us / 1e6) * 1e3).toISOString().replace("T", " ").slice(0, -5);
      const rest = ((us % 1e6) + 1e6) % 1e6;
      return rest ? text + "." + String(rest).padStart(6, "0").replace(/0+$/, "") : text;
    };
    const bounds = (row) => {
      const us = columns.us[row] ?? 0, earliest = columns.earliest[row], latest = columns.latest[row];
      return [earliest === null ? null : us + earliest, latest === null ? null : us + latest];
    };
    const when = (row) => {
      if (columns.us[row] !== null) return moment(columns.us[row]);
      const [earliest, latest] = bounds(row);
      if (earliest !== null && latest !== null) return "between " + moment(earliest) + " and " + moment(latest);
      if (earliest !== null) return "not before " + moment(earliest);
      return latest !== null ? "not after " + moment(latest) : "time not known";
    };
    // characters named by the writer stand between private-use marks (safetext.marked)
    const fill = (element, text) => {
      let last = 0;
      for (const match of text.matchAll(/([\ue000\ue001])([^\ue002]*)\ue002/g)) {
        element.append(text.slice(last, match.index), make("span", match[1] === "\ue000" ? "u" : "mixed", match[2]));
        last = match.index + match[0].length;
      }
      element.append(text.slice(last));
      return element;
    };

    // filters
    const inputs = { source: byId("find-source"), actor: byId("find-actor"), stage: byId("find-stage") };
    const search = byId("find-text");
    for (const [key, select] of Object.entries(inputs)) {
      const counts = new Map();
      for (const code of columns[key].codes) counts.set(code, (counts.get(code) ?? 0) + 1);
      const unstaged = key === "stage" ? columns[key].names.indexOf("") : -1;
      if (key === "stage" && count - (counts.get(unstaged) ?? 0) > 0) {
        // the chain is what a reader comes for: the background is one choice away
        const any = make("option", "", "any stage (" + (count - (counts.get(unstaged) ?? 0)).toLocaleString("en") + ")");
        any.value = "*";
        any.selected = counts.has(unstaged);
        select.append(any);
      }
      for (const [code, rows] of [...counts].sort((a, b) => b[1] - a[1])) {
        const label = columns[key].names[code].replace(/[\ue000-\ue002]/g, "") || "none";
        const option = make("option", "", label + " (" + rows.toLocaleString("en") + ")");
        option.value = String(code);
        select.append(option);
      }
      select.addEventListener("change", choose);
    }
    let pause = 0;
    search.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(choose, 120);
    });
    search.addEventListener("change", choose); // Enter waits for nothing
    byId("find-reset").addEventListener("click", () => {
      for (const select of Object.values(inputs)) select.value = "";
      search.value = "";
      range = null;
      choose();
    });
    // what is chosen stands in the fragment, by names, so that a link leads to it
    function choose() {
      const chosen = new URLSearchParams();
      if (search.value) chosen.set("text", search.value);
      for (const [key, { value }] of Object.entries(inputs)) {
        if (value) chosen.set(key, value === "*" ? value : columns[key].names[value]);
      }
      if (range) range.forEach((us, end) => chosen.set(end ? "to" : "from", String(Math.round(us))));
      view = "#timeline?" + chosen;
      setHash(view);
      filter();
    }
    function restore(text) {
      const chosen = new URLSearchParams(text);
      search.value = chosen.get("text") ?? "";
      for (const [key, select] of Object.entries(inputs)) {
        const wanted = chosen.get(key) ?? "";
        const code = columns[key].names.indexOf(wanted);
        select.value = wanted && code >= 0 ? String(code) : wanted === "*" ? "*" : "";
        if (select.selectedIndex < 0) select.value = "";
      }
      const ends = ["from", "to"].map((end) => Number(chosen.get(end) ?? NaN));
      range = ends[0] < ends[1] ? ends : null;
      view = location.hash;
      filter();
      byId("timeline").scrollIntoView();
    }
    let lowered = null;
    const lower = () => {
      lowered ??= columns.text.map((text, row) => (name(columns.kind, row) + " " + text + " " + ref(row)).toLowerCase());
    };
    window.requestIdleCallback?.(lower); // before the first search, if there is time
    function filter() {
      const words = search.value.toLowerCase();
      if (words) lower();
      const wanted = Object.entries(inputs).filter(([, select]) => select.value !== "").map(([key, select]) => {
        const fits = columns[key].names.map((label, code) => (select.value === "*" ? label !== "" : code === Number(select.value)));
        return [columns[key].codes, fits];
      });
      const found = new Uint32Array(count);
      let size = 0;
      for (let row = 0; row < count; row++) {
        if (range && !(at[row] >= range[0] && at[row] <= range[1])) continue;
        if (!wanted.every(([codes, fits]) => fits[codes[row]])) continue;
        if (words && !lowered[row].includes(words)) continue;
        found[size++] = row;
      }
      shown = found.subarray(0, size);
      active = 0;
      grid.scrollTop = 0;
      byId("found").textContent = size.toLocaleString("en") + " of " + count.toLocaleString("en") + " rows";
      byId("zoom-range").textContent = range ? moment(Math.round(range[0])) + " to " + moment(Math.round(range[1])) : "";
      layOut();
      drawLanes();
    }

    // the table: only the rows in sight exist
    const grid = byId("grid"), space = byId("grid-space");
    const rowHeight = () => parseFloat(getComputedStyle(root).getPropertyValue("--row")) * parseFloat(getComputedStyle(root).fontSize);
    let height = 0;
    function layOut() {
      height = rowHeight();
      space.style.height = shown.length * height + "px";
      grid.setAttribute("aria-rowcount", String(shown.length + 1));
      paint();
    }
    function paint() {
      const first = Math.max(Math.floor(grid.scrollTop / height) - 8, 0);
      const last = Math.min(first + Math.ceil(grid.clientHeight / height) + 16, shown.length);
      const rows = [];
      for (let index = first; index < last; index++) rows.push(line(index));
      space.replaceChildren(...rows);
      if (active >= first && active < last) grid.setAttribute("aria-activedescendant", "row-" + active);
      else grid.removeAttribute("aria-activedescendant");
    }
    function line(index) {
      const row = shown[index];
      const element = make("div", "grid-row" + (index === active ? " active" : ""));
      element.id = "row-" + index;
      element.setAttribute("role", "row");
      element.setAttribute("aria-rowindex", String(index + 2));
      element.setAttribute("aria-selected", String(index === active));
      element.style.transform = "translateY(" + index * height + "px)";
      const cells = [
        make("span", "time", when(row)), fill(make("bdi"), name(columns.source, row)), fill(make("span"), name(columns.stage, row)),
        make("span", "", name(columns.actor, row)), fill(make("bdi"), columns.text[row]), make("span", "ref", ref(row)),
      ];
      for (const cell of cells) cell.setAttribute("role", "gridcell");
      element.append(...cells);
      element.addEventListener("click", () => {
        move(index);
        openRow(row);
      });
      return element;
    }
    function move(index) {
      if (!shown.length) return;
      active = Math.min(Math.max(index, 0), shown.length - 1);
      const top = active * height, head = space.offsetTop;
      if (top < grid.scrollTop) grid.scrollTop = top;
      else if (top + height > grid.scrollTop + grid.clientHeight - head) grid.scrollTop = top + height - grid.clientHeight + head;
      paint();
    }
    grid.addEventListener("scroll", () => requestAnimationFrame(paint), { passive: true });
    grid.addEventListener("keydown", (event) => {
      const page = Math.max(Math.floor(grid.clientHeight / height) - 1, 1);
      const zooms = { "+": "in", "-": "out", ArrowLeft: "back", ArrowRight: "on", 0: "all" }[event.key];
      if (zooms && !event.ctrlKey && !event.metaKey && !event.altKey) {
        byId("zoom-" + zooms).click();
        event.preventDefault();
        return;
      }
      const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length - 1 }[event.key];
      if (to !== undefined) move(to);
      else if (event.key === "Enter" && shown.length) openRow(shown[active]);
      else return;
      event.preventDefault();
    });
    function openRow(row) {
      const facts = make("div", "row-facts");
      facts.append(fill(make("p", "event"), columns.text[row]));
      const list = make("dl", "listed");
      const [earliest, latest] = bounds(row);
      const spread = columns.us[row] !== null && earliest !== null && latest !== null && latest > earliest ? moment(earliest) + " to " + moment(latest) : "";
      const entries = [
        ["Time (UTC)", when(row)], ["Bounds", spread], ["Known by", name(columns.basis, row).replace("_", " ")], ["Source", name(columns.source, row)],
        ["Actor", name(columns.actor, row)], ["Stage", name(columns.stage, row)], ["Kind", name(columns.kind, row)],
      ];
      for (const [label, text] of entries) {
        if (!text) continue;
        const entry = make("div");
        entry.append(make("dt", "", label), fill(make("dd"), text));
        list.append(entry);
      }
      facts.append(list);
      const card = cardOf("ref-" + ref(row).replace("#", "-"));
      openSheet("Row of the timeline", facts, card ?? make("code", "command", byId("explorer").dataset.show + " " + ref(row)));
    }

    // the lanes: rows over time, one lane a source
    const canvas = byId("lanes");
    // the sources with the most rows in sight
    const laneCodes = (most) => {
      const rows = new Uint32Array(columns.source.names.length);
      for (const row of shown) rows[columns.source.codes[row]]++;
      return [...rows.keys()].sort((a, b) => rows[b] - rows[a] || a - b).slice(0, most);
    };
    const drawnAt = () => {
      const narrow = canvas.clientWidth < 560;
      const gutter = narrow ? 0 : 184;
      return { narrow, gutter, width: canvas.clientWidth - gutter, lane: narrow ? 32 : 24 };
    };
    const colour = (property) => {
      canvas.style.color = "var(" + property + ")"; // resolved for the theme in force
      return getComputedStyle(canvas).color;
    };
    function drawLanes() {
      const { narrow, gutter, width, lane } = drawnAt();
      if (width <= 0) return;
      const drawn = laneCodes(narrow ? 6 : 12);
      const axis = 22, tall = drawn.length * lane + axis, scale = devicePixelRatio || 1;
      canvas.style.height = tall + "px";
      canvas.width = (gutter + width) * scale;
      canvas.height = tall * scale;
      const [from, to] = range ?? whole;
      const slots = new Map(drawn.map((code, index) => [code, index]));
      const bins = [new Uint32Array(drawn.length * width), new Uint32Array(drawn.length * width)]; // all rows, rows with a stage
      const slotOf = columns.source.names.map((_, code) => slots.get(code) ?? -1);
      const staged = columns.stage.names.map((label) => label !== "");
      for (const row of shown) {
        const slot = slotOf[columns.source.codes[row]];
        if (slot < 0 || !(at[row] >= from && at[row] <= to)) continue;
        const bin = slot * width + Math.min(Math.floor((at[row] - from) / (to - from) * width), width - 1);
        bins[0][bin]++;
        if (staged[columns.stage.codes[row]]) bins[1][bin]++;
      }
      const pen = canvas.getContext("2d");
      pen.scale(scale, scale);
      pen.font = "12px " + getComputedStyle(canvas).fontFamily;
      pen.textBaseline = "middle";
      const soft = colour("--soft"), rule = colour("--rule"), inks = [colour("--strong-rule"), colour("--accent")];
      drawn.forEach((code, index) => {
        const foot = (index + 1) * lane - 1;
        const most = Math.log1p(Math.max(1, ...bins[0].subarray(index * width, (index + 1) * width)));
        pen.fillStyle = rule;
        pen.fillRect(0, foot, gutter + width, 1);
        bins.forEach((counts, layer) => {
          pen.fillStyle = inks[layer];
          for (let x = 0; x < width; x++) {
            const rows = counts[index * width + x];
            if (!rows) continue;
            const part = 4 + 12 * Math.log1p(rows) / most;
            pen.fillRect(gutter + x, foot - part, 1.5, part);
          }
        });
        pen.fillStyle = soft;
        pen.fillText(columns.source.names[code].replace(/[\ue000-\ue002]/g, ""), 2, narrow ? foot - 23 : foot - 9, narrow ? width - 4 : gutter - 10);
      });
      pen.fillStyle = soft;
      const ticks = narrow ? 2 : 4;
      for (let tick = 0; tick <= ticks; tick++) {
        pen.textAlign = tick === 0 ? "left" : tick === ticks ? "right" : "center";
        pen.fillText(moment(Math.round(from + (to - from) * tick / ticks)).slice(0, narrow ? 16 : 19), gutter + width * tick / ticks, tall - axis / 2);
      }
    }
    const zoom = (from, to) => {
      range = from <= whole[0] && to >= whole[1] ? null : [Math.max(from, whole[0]), Math.min(to, whole[1])];
      choose();
    };
    const step = (by, factor) => () => {
      const [from, to] = range ?? whole;
      const middle = (from + to) / 2 + by * (to - from), half = Math.max((to - from) * factor / 2, 5e5);
      zoom(middle - half, middle + half);
    };
    byId("zoom-in").addEventListener("click", step(0, .5));
    byId("zoom-out").addEventListener("click", step(0, 2));
    byId("zoom-back").addEventListener("click", step(-.5, 1));
    byId("zoom-on").addEventListener("click", step(.5, 1));
    byId("zoom-all").addEventListener("click", () => zoom(...whole));
    let grabbed = null;
    const timeAt = (event) => {
      const [from, to] = range ?? whole, { gutter, width } = drawnAt();
      const share = (event.clientX - canvas.getBoundingClientRect().left - gutter) / width;
      return from + Math.min(Math.max(share, 0), 1) * (to - from);
    };
    canvas.addEventListener("pointerdown", (event) => { grabbed = [event.clientX, timeAt(event)]; });
    addEventListener("pointerup", (event) => {
      if (grabbed && Math.abs(event.clientX - grabbed[0]) > 4) zoom(...[grabbed[1], timeAt(event)].sort((a, b) => a - b));
      grabbed = null;
    });
    addEventListener("resize", () => { layOut(); drawLanes(); });
    addEventListener("themechange", drawLanes);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawLanes);

    byId("explorer").hidden = false;
    filter();
    return {
      restore,
      openRef(text) {
        const wanted = text.replace(/-(?=[^-]*$)/, "#");
        for (let row = 0; row < count; row++) if (ref(row) === wanted) return openRow(row);
        return undefined;
      },
    };
  }
})();
