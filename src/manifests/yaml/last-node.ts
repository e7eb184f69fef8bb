import {style} from './scanner.ts';

export type Form = 'scalar' | 'mapping' | 'sequence';

/** What is known of the node that was read last, besides its value. */
export class LastNode {
	form: Form = 'scalar';
	byAlias = false;
	hasAnchor = false;
	/** Of a scalar: how it is written, and its text and tag; of an alias those of what it repeats. */
	style: number = style.plain;
	text = '';
	tag = '';
	start = 0;
	end = 0;

	set(form: Form, text: string, tag: string, how: number, start: number, end: number): void {
		this.form = form;
		this.byAlias = false;
		this.hasAnchor = false;
		this.style = how;
		this.text = text;
		this.tag = tag;
		this.start = start;
		this.end = end;
	}

	/** Whether the text can be replaced where it stands: on one line, without anchor, alias or tag. */
	isEditable(source: string): boolean {
		return (
			this.form === 'scalar' &&
			!this.byAlias &&
			!this.hasAnchor &&
			this.tag === '' &&
			this.start < this.end &&
			this.style <= style.double &&
			!/[\r\n\u0085\u2028\u2029]/u.test(source.slice(this.start, this.end)) &&
			!this.isBeforeTab(source)
		);
	}

	/** A plain text passes over lines of blanks and tabs behind it, where a quoted one leaves an error. */
	private isBeforeTab(source: string): boolean {
		blanks.lastIndex = this.end;
		const [behind = ''] = this.style === style.plain ? (blanks.exec(source) ?? []) : [];
		return /[\r\n\u0085\u2028\u2029][^]*\t/u.test(behind);
	}
}

const blanks = /[ \t\r\n\u0085\u2028\u2029]*/uy;
