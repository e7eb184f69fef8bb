import * as fc from 'fast-check';
import {breaks, token} from './tokens.ts';

/** The texts with a few pieces deleted, doubled, exchanged, put in or moved. */
export function mutated(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
	const place = fc.nat(9999);
	const onPieces = (change: (pieces: readonly string[], index: number) => readonly string[]) =>
		place.map((at) => (text: string) => {
			const pieces = text.match(/[ \t]+|\r?\n|[A-Za-z0-9._/]+|[^]/gu) ?? [];
			return change(pieces, at % (pieces.length + 1)).join('');
		});
	const onLines = (change: (lines: readonly string[], index: number) => readonly string[]) =>
		place.map((at) => (text: string) => {
			const lines = text.split(/(?<=\n)/u);
			return change(lines, at % (lines.length + 1)).join('');
		});
	const mutation = fc.oneof(
		onPieces((pieces, index) => pieces.toSpliced(index, 1)),
		onPieces((pieces, index) => pieces.toSpliced(index, 0, pieces[index] ?? '')),
		onPieces((pieces, index) => pieces.toSpliced(index, 2, pieces[index + 1] ?? '', pieces[index] ?? '')),
		fc.tuple(place, token).map(([at, piece]) => insertPiece(at, piece)),
		fc.tuple(place, token).map(([at, piece]) => insertPiece(at, piece)),
		onLines((lines, index) => lines.toSpliced(index, 1)),
		onLines((lines, index) => lines.toSpliced(index, 0, lines[index] ?? '')),
		onLines((lines, index) => lines.toSpliced(index, 2, lines[index + 1] ?? '', lines[index] ?? '')),
		onLines((lines, index) => lines.toSpliced(index, 1, ` ${lines[index] ?? ''}`)),
		onLines((lines, index) => lines.toSpliced(index, 1, (lines[index] ?? '').replace(/^ {1,2}/u, ''))),
		fc.tuple(place, fc.constantFrom(...breaks)).map(([at, lineBreak]) => exchangeBreak(at, lineBreak)),
	);
	return fc
		.tuple(texts, fc.array(mutation, {minLength: 1, maxLength: 2}))
		.map(([text, mutations]) => mutations.reduce((changed, mutate) => mutate(changed), text));
}

function insertPiece(at: number, piece: string) {
	return (text: string) => {
		const places = [...text.matchAll(/(?<=\s|^)(?=\S)|(?=\n)|$/gu)].map(({index}) => index);
		const index = places[at % places.length] ?? 0;
		return `${text.slice(0, index)}${piece}${text.slice(index)}`;
	};
}

function exchangeBreak(at: number, lineBreak: string) {
	return (text: string) => {
		const places = [...text.matchAll(/\n/gu)].map(({index}) => index);
		const index = places[at % Math.max(1, places.length)];
		return index === undefined ? text : `${text.slice(0, index)}${lineBreak}${text.slice(index + 1)}`;
	};
}
