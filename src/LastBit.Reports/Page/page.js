// The figures of LastBit's pages: report.html (data in CSV links) and the live page (data in server-sent events).
// uPlot draws; this file adds a legend with values, switches, zoom, keyboard and the layer map. No network but /events.
"use strict";
(() => {
  const root = document.documentElement;
  const css = name => getComputedStyle(root).getPropertyValue(name).trim();
  const dashes = [[], [9, 4], [2, 3], [9, 3, 2, 3], [5, 3], [14, 4], [2, 6], [9, 3, 2, 3, 2, 3]];
  const colours = 8;

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const superscript = n => String(n).replace("-", "⁻").replace(/\d/g, digit => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);

  // The one rule for numbers (NumberText in C#): written out from a thousandth up to a million, a power of ten beyond.
  const isPlain = value => value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6);
  const scientific = (value, digits) => {
    if (value === 0) return "0";
    const [mantissa, exponent] = Math.abs(value).toExponential(digits - 1).split("e"), power = `10${superscript(Number(exponent))}`;
    return (value < 0 ? "−" : "") + (Number(mantissa) === 1 ? power : `${Number(mantissa)}×${power}`);
  };
  const text = (value, digits = 4) => {
    if (value == null || !Number.isFinite(value)) return "–";
    if (value === 0) return "0";
    const size = Math.abs(value), rounded = Number(size.toExponential(digits - 1));
    if (!isPlain(rounded)) return scientific(value, digits);
    const whole = Number(size.toExponential(digits - 1).split("e")[1]) >= digits - 1;
    return (value < 0 ? "−" : "") + (whole ? Math.round(size) : rounded).toLocaleString("en", { maximumFractionDigits: 18 });
  };

  // The labels of one axis have one form; those of a linear one have as many decimals.
  const labels = (splits, aligned) => {
    if (!splits.every(isPlain)) return splits.map(value => scientific(value, 12));
    const plain = splits.map(value => text(value, 12)), decimals = label => label.split(".")[1]?.length ?? 0;
    const most = Math.max(0, ...plain.map(decimals));
    return !aligned || most === 0 ? plain
      : plain.map(label => (label.includes(".") ? label : label + ".") + "0".repeat(most - decimals(label)));
  };

  // Ticks of a log axis, as exponents of ten from min to max: every n-th decade so that labels have room; 1, 2, 5 where less than two
  // decades show.
  const exponents = (u, axis, min, max) => {
    const low = Math.floor(min), high = Math.min(308, Math.ceil(max));
    const length = (u.axes[axis].side % 2 ? u.bbox.height : u.bbox.width) / devicePixelRatio;
    const room = Math.max(2, Math.floor(length / (u.axes[axis].side % 2 ? 26 : 48)));
    const ticks = [];
    const each = high - low <= 2 ? [1, 2, 5] : [1];
    const step = [1, 2, 3, 4, 5, 10, 20, 25, 50, 100].find(step => step >= (high - low) / room) ?? 200;
    for (let decade = Math.ceil(low / step) * step; decade <= high; decade += step)
      for (const digit of each) {
        const tick = decade + Math.log10(digit);
        if (tick >= min && tick <= max) ticks.push(tick);
      }
    return ticks;
  };

  const sizeOf = (area, least) =>
    ({ width: Math.max(240, area.clientWidth), height: Math.round(Math.min(400, Math.max(least, area.clientWidth * 0.5))) });

  const logTicks = (u, axis, min, max) =>
    exponents(u, axis, Math.log10(min), Math.log10(max)).map(tick => Number((10 ** tick).toPrecision(12)));

  // RFC 4180, as our own writer makes it: quotes only where a field needs them.
  const parseCsv = content => {
    const rows = [[]];
    const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/g;
    for (let match; (match = field.exec(content)) && (match[0] !== "" || field.lastIndex < content.length);) {
      rows.at(-1).push(match[1].startsWith('"') ? match[1].slice(1, -1).replaceAll('""', '"') : match[1]);
      if (match[2].includes("\n") && field.lastIndex < content.length) rows.push([]);
    }
    return rows;
  };

  const linkedCsv = link => {
    const href = link.getAttribute("href");
    return parseCsv(decodeURIComponent(href.slice(href.indexOf(",") + 1)));
  };

  // Columns of numbers; a blank is a point that the series does not have, which a line may pass over.
  const tableOf = rows => ({
    labels: rows[0].slice(1),
    columns: rows[0].map((_, column) => rows.slice(1).map(row => row[column] === "" ? undefined : Number(row[column]))),
  });

  const everyChart = new Set();

  // A chart in `box`: { title, xLabel, yLabel, logX, logY } and a table { labels, columns }.
  function chart(box, options, table) {
    let { logX, logY } = options, plot = null, zoomed = false, shown = [], unit = 1;
    const hidden = new Set();
    // Curves that belong together share a colour; the others have one of their own, and a pattern beside it.
    const colourOf = i => (options.colours?.[i] ?? i) % colours;
    const dashOf = i => options.colours ? [] : dashes[(i + Math.floor(i / colours)) % dashes.length];

    const area = make("div", { class: "plot", tabindex: "0", role: "group", "aria-roledescription": "chart",
      "aria-label": `${options.title}. Left and right arrow keys read the values, plus and minus zoom, 0 shows everything.` });
    const legend = make("ul", { class: "legend", "aria-label": "Series" });
    const at = make("span", { class: "at" });
    const spoken = make("p", { class: "hidden", role: "status" });
    const button = (label, act) => {
      const element = make("button", { type: "button" }, label);
      element.addEventListener("click", act);
      return element;
    };
    const axisX = button("log x", () => { logX = !logX; zoomed = false; draw(); });
    const axisY = button("log y", () => { logY = !logY; zoomed = false; draw(); });
    const reset = button("reset zoom", () => { zoomed = false; plot.setData(plot.data); mark(); });
    const zeros = make("span", { class: "zeros" });
    const tools = make("div", { class: "tools", role: "toolbar", "aria-label": "Axes and zoom" }, axisX, axisY, reset, zeros, at);
    box.replaceChildren(make("h3", {}, options.title), tools, area, legend, spoken);

    function mark() {
      axisX.setAttribute("aria-pressed", logX);
      axisY.setAttribute("aria-pressed", logY);
      reset.disabled = !zoomed;
    }

    // uPlot finds no ticks for numbers of more than 17 digits: it gets logarithms of y, or y over a power of ten.
    const toY = value => logY ? Math.log10(value) : value / unit, fromY = place => logY ? 10 ** place : place * unit;

    // A log axis has no place for zero and below: such x are left out, such y become gaps.
    function prepare() {
      const [x] = table.columns;
      const larger = (a, value) => Number.isFinite(value) ? Math.max(a, Math.abs(value)) : a;
      const most = table.columns.slice(1).reduce((most, column) => column.reduce(larger, most), 0);
      unit = most >= 1e15 ? 10 ** Math.floor(Math.log10(most)) : 1;
      shown = [];
      for (let i = 0; i < x.length; i++) if (!logX || x[i] > 0) shown.push(i);
      let gone = 0;
      const data = table.columns.map((column, c) => shown.map(i => {
        const value = column[i];
        if (value === undefined) return undefined;
        if (c > 0 && logY && !(value > 0)) { gone++; return null; }
        return !Number.isFinite(value) ? null : c > 0 ? toY(value) : value;
      }));
      zeros.textContent = gone ? "zeros are not drawn on a log axis" : "";
      return data;
    }

    // The first steps of a training fall by more than its runs ever differ: until the chart is zoomed into, y is as high as what comes
    // after them.
    function settledRange(u, min, max) {
      if (!zoomed) {
        const x = u.data[0], isLate = (value, i) => Number.isFinite(value) && x[i] >= options.settled;
        const late = u.data.slice(1).flatMap(column => column.filter(isLate));
        if (late.length > 0)
          [min, max] = late.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
      }
      const room = max > min ? 0.04 * (max - min) : Math.abs(max) * 0.01 || 1e-6;
      return [min - room, max + room];
    }

    // The straight line of a threshold.
    function threshold(u) {
      if (options.line == null) return;
      const y = Math.round(u.valToPos(toY(options.line), "y", true)), { left, width, top, height } = u.bbox;
      if (y < top || y > top + height) return;
      u.ctx.fillStyle = css("--text");
      u.ctx.fillRect(left, y, width, Math.max(1, Math.round(devicePixelRatio)));
    }

    const size = () => sizeOf(area, 260);

    function draw() {
      plot?.destroy();
      const ink = css("--muted"), grid = css("--line"), font = `12px ${css("--sans")}`;
      const data = prepare();
      const axis = (label, ticks, small, from, whole) => ({
        label, stroke: ink, font, labelFont: font, labelSize: 22, size: small,
        grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 5 },
        values: (u, splits) => labels(splits.map(from), !ticks),
        ...(ticks
          ? { splits: ticks, filter: (u, splits) => splits }
          : whole ? { incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7, 1e8] } : {}),
      });
      plot = new uPlot({
        ...size(),
        legend: { show: false },
        padding: [10, 24, 0, 0],
        cursor: {
          drag: { x: true, y: true, uni: 24 }, focus: { prox: 24 },
          points: { size: 7 }, bind: { dblclick: () => () => { reset.click(); return null; } },
        },
        focus: { alpha: 0.35 },
        // uPlot ends a log axis at a whole decade, and would leave half of it to nothing.
        scales: {
          x: { time: false, distr: logX ? 3 : 1, ...(logX ? { range: (u, min, max) => [min, max > min ? max : min * 10] } : {}) },
          y: logY ? { range: (u, min, max) => { const room = max > min ? 0.04 * (max - min) : 0.5; return [min - room, max + room]; } }
            : "settled" in options ? { range: settledRange } : {},
        },
        axes: [
          axis(options.xLabel, logX && logTicks, 36, value => value, table.columns[0].every(Number.isInteger)),
          axis(options.yLabel, logY && exponents, 60, fromY),
        ],
        series: [{}, ...table.labels.map((label, i) => ({
          label, show: !hidden.has(label), stroke: css(`--series-${colourOf(i)}`), width: options.colours ? 1.25 : 1.75,
          dash: dashOf(i), points: { show: shown.length === 1 ? true : shown.length <= 40 ? undefined : false },
        }))],
        hooks: {
          setCursor: [read], draw: [threshold],
          setSelect: [u => { if (u.select.width > 0 || u.select.height > 0) { zoomed = true; mark(); } }],
        },
      }, data, area);
      key();
      mark();
      read(plot);
    }

    function key() {
      legend.replaceChildren(...table.labels.map((label, i) => {
        const line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        line.setAttribute("class", "swatch");
        line.setAttribute("viewBox", "0 0 28 8");
        line.setAttribute("aria-hidden", "true");
        const stroke = document.createElementNS("http://www.w3.org/2000/svg", "path");
        stroke.setAttribute("d", "M0 4H28");
        stroke.setAttribute("stroke-dasharray", dashOf(i).join(" "));
        stroke.setAttribute("class", `series-${colourOf(i)}`);
        line.append(stroke);
        const item = make("button", { type: "button", class: "key", "aria-pressed": String(!hidden.has(label)) },
          line, make("span", { class: "label" }, label), make("output", { "aria-live": "off" }));
        item.addEventListener("click", () => {
          if (!hidden.delete(label)) hidden.add(label);
          item.setAttribute("aria-pressed", String(!hidden.has(label)));
          plot.setSeries(i + 1, { show: !hidden.has(label) });
        });
        item.addEventListener("mouseenter", () => hidden.has(label) || plot.setSeries(i + 1, { focus: true }));
        item.addEventListener("mouseleave", () => plot.setSeries(null, { focus: true }));
        return make("li", {}, item);
      }));
    }

    // The values under the pointer, from the table itself (zeros too). Without a pointer the live page has the newest ones; a report has
    // none, for a curve may be cut where it is drawn, and its last value is in the table.
    function read(u) {
      const under = u.cursor.idx != null && u.cursor.left >= 0, row = under ? shown[u.cursor.idx] : -1;
      at.textContent = under ? `${options.xLabel} ${text(table.columns[0][row], 12)}` : options.live ? "newest values" : "";
      at.dataset.value = under ? table.columns[0][row] : "";
      [...legend.querySelectorAll("output")].forEach((output, i) => {
        const column = table.columns[i + 1];
        const value = under ? column[row] : options.live ? column.findLast(one => one !== undefined) : undefined;
        output.textContent = under || options.live ? text(value) : "";
        output.dataset.value = value ?? "";
      });
    }

    function zoom(factor) {
      const { min, max } = plot.scales.x, middle = plot.cursor.idx == null ? null : plot.data[0][plot.cursor.idx];
      const [to, from] = logX ? [Math.log10, v => 10 ** v] : [v => v, v => v];
      const centre = middle == null ? (to(min) + to(max)) / 2 : to(middle), half = (to(max) - to(min)) * factor / 2;
      plot.setScale("x", { min: from(centre - half), max: from(centre + half) });
      zoomed = true;
      mark();
    }

    area.addEventListener("keydown", event => {
      const { idx } = plot.cursor, last = plot.data[0].length - 1, stride = event.shiftKey ? Math.max(1, Math.round(last / 20)) : 1;
      const go = { ArrowLeft: (idx ?? last + 1) - stride, ArrowRight: (idx ?? -1) + stride, Home: 0, End: last }[event.key];
      if (go !== undefined && last >= 0) {
        const x = plot.data[0][Math.max(0, Math.min(last, go))];
        plot.setCursor({ left: plot.valToPos(x, "x"), top: plot.over.clientHeight / 2 });
        spoken.textContent = `${at.textContent}: ` + table.labels.map((label, i) => hidden.has(label) ? null
          : `${label}: ${legend.querySelectorAll("output")[i].textContent}`).filter(Boolean).join("; ");
      } else if (event.key === "+" || event.key === "=") zoom(0.5);
      else if (event.key === "-") zoom(2);
      else if (event.key === "0" || event.key === "Escape") reset.click();
      else return;
      event.preventDefault();
    });
    // A finger on the plot reads values; the page still scrolls up and down (touch-action in the style sheet).
    area.addEventListener("pointermove", event => {
      if (event.pointerType !== "touch") return;
      const frame = plot.over.getBoundingClientRect();
      plot.setCursor({ left: event.clientX - frame.left, top: event.clientY - frame.top });
    });

    new ResizeObserver(() => { if (area.clientWidth && Math.abs(area.clientWidth - plot.width) > 1) plot.setSize(size()); }).observe(area);
    draw();
    const self = {
      draw,
      // Newer data: the same plot, and the same view of it if the reader has zoomed.
      update(next) {
        const same = next.labels.length === table.labels.length && next.labels.every((label, i) => label === table.labels[i]);
        table = next;
        if (!same) return draw();
        const before = unit, data = prepare();
        if (unit !== before) return draw();
        plot.setData(data, !zoomed);
        if (zoomed) plot.redraw();
        read(plot);
      },
    };
    everyChart.add(self);
    return self;
  }

  // The layer map: one row a tensor, one column a scaled iteration, colour = log10 of the difference; uPlot has the axes.
  function map(box, options, rows) {
    const steps = rows[0].slice(2).map(Number);
    const groups = [...new Set(rows.slice(1).map(row => row[0]))];
    const choice = make("select", { "aria-label": rows[0][0] },
      ...groups.map(group => make("option", { value: group }, `${rows[0][0]} ${group}`)));
    const area = make("div", { class: "plot", tabindex: "0", role: "group", "aria-roledescription": "heat map",
      "aria-label": `${options.title}. Arrow keys move from cell to cell and read it.` });
    const cell = make("output", { class: "at", "aria-live": "polite" });
    const scale = make("div", { class: "ramp", "aria-hidden": "true" });
    box.replaceChildren(make("h3", {}, options.title), make("div", { class: "tools" }, choice, cell), area, scale);
    let plot = null, names = [], values = [];
    // One scale for all groups, so that two of them can be compared; 2 is the most that the difference can be.
    const positive = rows.slice(1).flatMap(row => row.slice(2)).map(Number).filter(value => value > 0);
    const low = Math.min(-1, Math.floor(Math.log10(positive.reduce((least, value) => Math.min(least, value), 1))));
    const high = Math.log10(2), spot = { row: 0, column: 0 };

    const stops = () => [0, 1, 2, 3, 4].map(i => css(`--map-${i}`).match(/[0-9a-f]{2}/gi).map(part => parseInt(part, 16)));
    const colourOf = (value, ramp) => {
      if (!(value > 0)) return css("--map-none");
      const place = Math.min(3.9999, Math.max(0, (Math.log10(value) - low) / (high - low) * 4)), i = Math.floor(place);
      return `rgb(${ramp[i].map((part, c) => Math.round(part + (ramp[i + 1][c] - part) * (place - i))).join(" ")})`;
    };

    function draw() {
      plot?.destroy();
      const chosen = rows.slice(1).filter(row => row[0] === choice.value);
      names = chosen.map(row => row[1]);
      values = chosen.map(row => row.slice(2).map(value => value === "" ? NaN : Number(value)));
      const ink = css("--muted"), font = `12px ${css("--sans")}`, width = Math.max(280, area.clientWidth), ramp = stops();
      // Every tensor has its name where there is room for it whole; otherwise the stages have theirs, in the middle of their tensors.
      const measure = document.createElement("canvas").getContext("2d");
      measure.font = font;
      const longest = Math.ceil(Math.max(...names.map(name => measure.measureText(name).width))) + 12;
      const each = names.length <= 44 && longest < width * 0.4;
      const stages = Map.groupBy(names.map((name, i) => ({ stage: name.split(".")[0], i })), one => one.stage);
      const rowHeight = each ? 15 : Math.max(3, Math.min(15, 520 / names.length));
      const marks = each ? names.map((name, i) => [i, name]) : [...stages].filter(([, of]) => of.length * rowHeight >= 14)
        .map(([stage, of]) => [(of[0].i + of.at(-1).i) / 2, stage]);
      const wide = each ? longest : Math.ceil(Math.max(...marks.map(([, name]) => measure.measureText(name).width))) + 12;
      plot = new uPlot({
        width, height: Math.max(220, Math.round(names.length * rowHeight) + 66), legend: { show: false }, padding: [8, 14, 0, 0],
        cursor: { drag: { x: false, y: false }, points: { show: false } },
        // Logarithmic, because what is born in the first few scaled iterations takes hundreds to settle.
        scales: {
          x: { time: false, distr: 3, range: () => [steps[0] - 0.5, steps.at(-1) + 0.5] },
          y: { range: () => [-0.5, names.length - 0.5], dir: -1 },
        },
        axes: [
          { label: options.xLabel, stroke: ink, font, labelFont: font, labelSize: 22, size: 36, grid: { show: false },
            ticks: { show: false }, splits: () => steps.filter(step => /^[125]0*$/.test(step)), filter: (u, splits) => splits,
            values: (u, splits) => labels(splits) },
          { stroke: ink, font, size: wide, grid: { show: false }, ticks: { show: false },
            splits: () => marks.map(([at]) => at), filter: (u, splits) => splits, values: () => marks.map(([, name]) => name) },
        ],
        series: [{}, { show: true, points: { show: false }, paths: () => null }],
        hooks: {
          drawAxes: [u => {
            const context = u.ctx;
            values.forEach((row, r) => row.forEach((value, c) => {
              const x0 = Math.floor(u.valToPos(steps[c] - 0.5, "x", true)), x1 = Math.ceil(u.valToPos(steps[c] + 0.5, "x", true));
              const y0 = Math.floor(u.valToPos(r - 0.5, "y", true)), y1 = Math.ceil(u.valToPos(r + 0.5, "y", true));
              context.fillStyle = colourOf(value, ramp);
              context.fillRect(x0, y0, x1 - x0, y1 - y0);
            }));
          }],
          setCursor: [u => { if (u.cursor.left >= 0) show(Math.round(u.posToVal(u.cursor.top, "y")), u.cursor.idx); }],
        },
      }, [steps, steps.map(() => null)], area);
      scale.replaceChildren(make("span", {}, `10${superscript(low)}`), make("i"), make("span", {}, "2"), make("b"),
        make("span", {}, "equal to the last bit"));
      show(spot.row, spot.column);
    }

    function show(row, column) {
      spot.row = Math.max(0, Math.min(names.length - 1, row));
      spot.column = Math.max(0, Math.min(steps.length - 1, column ?? 0));
      const value = values[spot.row][spot.column];
      cell.textContent = `${names[spot.row]}, ${options.xLabel} ${steps[spot.column]}: ${text(value)}`;
      cell.dataset.value = value;
    }

    area.addEventListener("keydown", event => {
      const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!move) return;
      show(spot.row + move[0], spot.column + move[1]);
      plot.setCursor({ left: plot.valToPos(steps[spot.column], "x"), top: plot.valToPos(spot.row, "y") });
      event.preventDefault();
    });
    choice.addEventListener("change", draw);
    new ResizeObserver(() => { if (area.clientWidth && Math.abs(area.clientWidth - plot.width) > 1) draw(); }).observe(area);
    draw();
    everyChart.add({ draw });
  }

  // Dots in columns, one colour a column: what lies above each other differs in nothing but the name of its row.
  function dots(box, options, rows) {
    const groups = [...new Set(rows.slice(1).map(row => row[0]))];
    const area = make("div", { class: "plot", tabindex: "0", role: "group", "aria-roledescription": "dot plot",
      "aria-label": `${options.title}. Left and right arrow keys go from dot to dot and read it.` });
    const at = make("output", { class: "at", "aria-live": "polite" });
    box.replaceChildren(make("h3", {}, options.title), make("div", { class: "tools" }, at), area);
    const points = groups.flatMap((group, g) => {
      const own = rows.slice(1).filter(row => row[0] === group);
      return own.map((row, i) => ({ x: g + ((i + 0.5) / own.length - 0.5) * 0.4, g, name: row[1], y: Number(row[2]) }));
    });
    let plot = null;
    const size = () => sizeOf(area, 280);
    const show = i => {
      const point = points[i];
      at.textContent = point ? `${rows[0][0]} ${groups[point.g]}, ${point.name}: ${text(point.y)}` : "";
      at.dataset.value = point?.y ?? "";
    };
    function draw() {
      plot?.destroy();
      const ink = css("--muted"), grid = css("--line"), font = `12px ${css("--sans")}`;
      const common = { stroke: ink, font, labelFont: font, labelSize: 22, ticks: { stroke: grid, width: 1, size: 5 } };
      plot = new uPlot({
        ...size(), legend: { show: false }, padding: [10, 24, 0, 0],
        cursor: { drag: { x: false, y: false }, y: false, points: { size: 9 } },
        scales: { x: { time: false, range: () => [-0.6, groups.length - 0.4] } },
        axes: [
          { ...common, label: options.xLabel, size: 36, grid: { show: false }, splits: () => groups.map((_, i) => i),
            filter: (u, splits) => splits, values: () => groups },
          { ...common, label: options.yLabel, size: 60, grid: { stroke: grid, width: 1 }, values: (u, splits) => labels(splits) },
        ],
        series: [{}, ...groups.map((group, g) => ({ label: group, stroke: css(`--series-${g % colours}`), width: 1.75, paths: () => null,
          points: { show: true, size: 8, width: 1.75, fill: css("--card") } }))],
        hooks: { setCursor: [u => show(u.cursor.left >= 0 ? u.cursor.idx : -1)] },
      }, [points.map(point => point.x), ...groups.map((_, g) => points.map(point => point.g === g ? point.y : null))], area);
      show(-1);
    }
    area.addEventListener("keydown", event => {
      const { idx } = plot.cursor, last = points.length - 1;
      const go = { ArrowLeft: (idx ?? last + 1) - 1, ArrowRight: (idx ?? -1) + 1, Home: 0, End: last }[event.key];
      if (go === undefined) return;
      plot.setCursor({ left: plot.valToPos(points[Math.max(0, Math.min(last, go))].x, "x"), top: plot.over.clientHeight / 2 });
      event.preventDefault();
    });
    new ResizeObserver(() => { if (area.clientWidth && Math.abs(area.clientWidth - plot.width) > 1) plot.setSize(size()); }).observe(area);
    draw();
    everyChart.add({ draw });
  }

  // A table that is cut says that it goes on.
  function hints() {
    for (const frame of document.querySelectorAll(".scroll")) {
      const hint = make("p", { class: "hint", "aria-hidden": "true" }, "The table goes on to the right: scroll sideways.");
      (frame.classList.contains("card") ? frame : frame.parentElement).after(hint);
      const check = () => { hint.hidden = frame.scrollWidth <= frame.clientWidth + 1; };
      new ResizeObserver(check).observe(frame);
      check();
    }
  }

  function report() {
    hints();
    for (const box of document.querySelectorAll(".chart[data-chart]")) {
      const options = JSON.parse(box.dataset.chart), rows = linkedCsv(document.getElementById(box.dataset.csv));
      box.closest("figure").classList.add("alive");
      if (options.kind === "map") map(box, options, rows);
      else if (options.kind === "dots") dots(box, options, rows);
      else chart(box, options, tableOf(rows));
      // Who cannot see the plot hears what it shows.
      box.querySelector(".plot").setAttribute("aria-describedby", box.dataset.finding);
    }
    for (const copy of document.querySelectorAll("button[data-copy]")) {
      copy.hidden = !navigator.clipboard;
      copy.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent);
        copy.textContent = "copied";
      });
    }
  }

  // The live page: every event is the whole state of the run, so a lost one costs nothing.
  function live() {
    const state = document.getElementById("state"), tasks = document.getElementById("tasks");
    const messages = document.getElementById("messages"), charts = document.getElementById("charts");
    const drawn = new Map(), bars = new Map();
    // "8 s", "2:05", "3:07:00", as the terminal has it.
    const clock = seconds => {
      const whole = Math.ceil(seconds), pad = value => String(value).padStart(2, "0");
      if (whole < 60) return `${whole} s`;
      const minutes = Math.floor(whole / 60), rest = pad(whole % 60);
      return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${rest}`;
    };

    function bar(task) {
      const progress = make("progress", { max: "1", value: "0", "aria-label": task.name }), note = make("span", { class: "note" });
      const row = make("li", {}, make("span", { class: "task" }, task.name), progress, note);
      // What is at work comes first, what is done after it.
      tasks.insertBefore(row, tasks.querySelector(".ended"));
      const made = { row, progress, note };
      bars.set(task.name, made);
      return made;
    }

    // Series come with their own points; uPlot wants one x column, so the tables are joined on x.
    function joined(series) {
      const x = [...new Set(series.flatMap(one => one.x))].sort((a, b) => a - b), row = new Map(x.map((value, i) => [value, i]));
      return { labels: series.map(one => one.name), columns: [x, ...series.map(one => {
        const column = new Array(x.length).fill(undefined);
        one.x.forEach((value, i) => { column[row.get(value)] = one.y[i] ?? NaN; });
        return column;
      })] };
    }

    function show(run) {
      const left = run.tasks.filter(task => !task.ended && task.secondsLeft != null).map(task => task.secondsLeft);
      state.textContent = run.ended ? `Finished after ${clock(run.seconds)}`
        : `Running for ${clock(run.seconds)}${left.length ? `; ${clock(Math.max(...left))} left for what is listed` : ""}`;
      state.dataset.ended = run.ended;
      for (const task of run.tasks) {
        const { row, progress, note } = bars.get(task.name) ?? bar(task);
        progress.max = task.total;
        progress.value = task.completed;
        if (task.ended && !row.classList.contains("ended")) {
          row.classList.add("ended");
          tasks.append(row);
        }
        const left = !task.ended && !run.ended && task.secondsLeft != null ? ` · ${clock(task.secondsLeft)} left` : "";
        const done = `${task.completed.toLocaleString("en")} of ${task.total.toLocaleString("en")} ${task.unit}`;
        note.textContent = `${done}${left}${task.note ? ` · ${task.note}` : ""}`;
      }
      messages.textContent = run.messages.join("\n");
      messages.parentElement.hidden = run.messages.length === 0;
      for (const one of run.charts) {
        const table = joined(one.series);
        if (!table.columns[0].length) continue;
        if (drawn.has(one.name)) { drawn.get(one.name).update(table); continue; }
        const values = table.columns.slice(1).flat().filter(value => value > 0);
        const wide = values.length > 0 && values.reduce((a, b) => Math.max(a, b)) > 100 * values.reduce((a, b) => Math.min(a, b));
        const box = make("div", { class: "chart" });
        charts.append(make("figure", { class: "alive" }, box));
        // What counts on the x axis is what the tasks count, or epochs where a chart is of a whole pass.
        const counted = (run.tasks.findLast(task => !task.ended) ?? run.tasks.at(-1))?.unit.replace(/s$/, "");
        const xLabel = /accuracy|cross-entropy/.test(one.name) ? "epoch" : counted ?? "iteration";
        drawn.set(one.name, chart(box, { title: one.name, xLabel, yLabel: one.name, logX: false, logY: wide, live: true }, table));
      }
      document.body.dataset.events = Number(document.body.dataset.events ?? 0) + 1;
    }

    const source = new EventSource("events");
    source.onmessage = event => {
      const run = JSON.parse(event.data);
      show(run);
      if (run.ended) source.close();
    };
    source.onerror = () => { if (source.readyState !== EventSource.CLOSED) state.textContent = "Connection lost; trying again"; };
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => everyChart.forEach(one => one.draw()));
  if (document.body.dataset.page === "live") live(); else report();
})();
