import {createRequire} from 'node:module';

// By require, because their types need a browser's, which the compiler's settings leave out.
const require = createRequire(import.meta.url);
const {parseHTML} = require('linkedom') as {readonly parseHTML: (html: string) => {readonly document: unknown}};
type Mark = (...args: readonly unknown[]) => unknown;
const {axisX, axisY, barX, plot, ruleX, text} = require('@observablehq/plot') as {
	readonly plot: (options: Readonly<Record<string, unknown>>) => Picture;
} & Readonly<Record<'axisX' | 'axisY' | 'barX' | 'ruleX' | 'text', Mark>>;

export interface Bar {
	readonly group: string;
	readonly name: string;
	readonly value: number;
}

/** What is used of the element that comes of a plot. */
interface Picture {
	readonly setAttribute: (name: string, value: string) => void;
	readonly outerHTML: string;
}

/** Bars in groups, as a picture that is readable on light and on dark pages. The bars stand as they are given. */
export function barPlot(bars: readonly Bar[], {title, unit}: {readonly title: string; readonly unit: string}): string {
	const {document} = parseHTML('<!doctype html><html><body></body></html>');
	const names = [...new Set(bars.map(({name}) => name))];
	const severalGroups = new Set(bars.map(({group}) => group)).size > 1;
	const rows = bars.map((bar) => ({...bar, row: severalGroups ? `${bar.name}, ${bar.group}` : bar.name}));
	const picture = plot({
		document,
		ariaLabel: title,
		className: 'plot',
		width: 760,
		height: 60 + rows.length * 24,
		marginLeft: 250,
		marginRight: 60,
		x: {label: unit, grid: true, domain: [0, Math.max(...bars.map(({value}) => value)) * 1.05]},
		y: {label: null, domain: rows.map(({row}) => row)},
		color: {domain: names, scheme: 'tableau10'},
		marks: [
			axisX({label: unit}),
			axisY({label: null, tickSize: 0}),
			barX(rows, {x: 'value', y: 'row', fill: 'name', insetTop: 2, insetBottom: 2}),
			text(rows, {
				x: 'value',
				y: 'row',
				text: ({value}: Bar) => value.toPrecision(3),
				dx: 4,
				textAnchor: 'start',
			}),
			ruleX([0]),
		],
	});
	picture.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
	const style = 'svg{color:#24292f;background:transparent}@media(prefers-color-scheme:dark){svg{color:#e6edf3}}';
	return `${picture.outerHTML.replace('</style>', `${style}</style>`)}\n`;
}
