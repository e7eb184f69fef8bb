/** Colours of text on the backgrounds that they stand on; a test holds that each pair has the contrast of WCAG AA. */
export const palettes = {
	light: {
		page: '#ffffff',
		card: '#f6f7f9',
		text: '#1b1f24',
		faint: '#56606b',
		line: '#8a939e',
		link: '#0550ae',
		deny: '#b3121f',
		unknown: '#6f3cc3',
		warn: '#7d4e00',
		allow: '#116329',
		badge: '#ffffff',
	},
	dark: {
		page: '#0d1117',
		card: '#161b22',
		text: '#e6edf3',
		faint: '#9aa5b1',
		line: '#6e7781',
		link: '#79b8ff',
		deny: '#ff8a84',
		unknown: '#c8a8ff',
		warn: '#e3b341',
		allow: '#56d364',
		badge: '#0d1117',
	},
} as const;

function variables(palette: Readonly<Record<string, string>>): string {
	return Object.entries(palette)
		.map(([name, colour]) => `--${name}:${colour};`)
		.join('');
}

export const style = `
:root{color-scheme:light;${variables(palettes.light)}}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;${variables(palettes.dark)}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:78rem;background:var(--page);color:var(--text);font:16px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.1rem;margin:0;overflow-wrap:anywhere}
main>h2{margin-top:1.5rem}
h3{font-size:1rem;margin:1rem 0 .25rem}
p{margin:.5rem 0;overflow-wrap:anywhere}
ul{margin:.25rem 0;padding-left:1.25rem}
li{overflow-wrap:anywhere}
code{font:.9em ui-monospace,"SFMono-Regular",Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
pre{margin:.5rem 0;padding:.75rem;border:1px solid var(--line);border-radius:6px;background:var(--page);overflow-x:auto;white-space:pre-wrap}
a{color:var(--link)}
a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.facts,.faint{color:var(--faint);font-size:.9rem}
.badge{display:inline-block;padding:.05rem .55rem;border-radius:1rem;background:var(--badge-of);color:var(--badge);font-size:.85rem;font-weight:600;white-space:nowrap}
.deny{--badge-of:var(--deny)}.unknown{--badge-of:var(--unknown)}.warn{--badge-of:var(--warn)}.allow{--badge-of:var(--allow)}
.CRITICAL,.HIGH{color:var(--deny);font-weight:600}.MEDIUM{color:var(--warn);font-weight:600}.LOW,.UNKNOWN{color:var(--faint)}
form{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:1.25rem 0;padding:.75rem 1rem;border:1px solid var(--line);border-radius:8px}
form[hidden]{display:none}
input[type=search],select{font:inherit;padding:.3rem .5rem;border:1px solid var(--line);border-radius:6px;background:var(--page);color:var(--text)}
input[type=search]{flex:1 1 14rem;min-width:8rem}
::placeholder{color:var(--faint);opacity:1}
label{white-space:nowrap}
output{margin-left:auto;color:var(--faint);font-size:.9rem}
.image{margin:1rem 0;padding:1rem;border:1px solid var(--line);border-left:6px solid var(--badge-of);border-radius:8px;background:var(--card)}
.image[hidden],tr[hidden]{display:none}
.image header{display:flex;flex-wrap:wrap;gap:.5rem;align-items:baseline}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:.5rem 0;font-size:.92rem}
caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line)}
th{white-space:nowrap}
th button{font:inherit;font-weight:600;color:inherit;background:none;border:0;padding:0;cursor:pointer}
th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
td.id{overflow-wrap:anywhere;min-width:9.5rem}
td.version{overflow-wrap:anywhere;min-width:6rem}
td.title{min-width:14rem;overflow-wrap:anywhere}
summary{cursor:pointer;font-weight:600}
@media (max-width:40rem){body{padding:1rem .5rem}.image{padding:.75rem}}
@media print{:root{font-size:8.5pt}body{max-width:none;padding:0;font-size:1rem}td.id,td.version,td.title{min-width:0}form{display:none}.image{border-color:#555;border-left-width:4px;background:none}header,tr{break-inside:avoid}.scroll{overflow:visible}.badge{border:1px solid;background:none;color:var(--badge-of)}th button::after{content:none!important}}
`;
