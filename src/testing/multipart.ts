/**
 * Reads `multipart/form-data` far enough to know its fields and files. Used by `server-request.ts`.
 */
/** A multipart body: text fields, and files by their facts. */
export interface MultipartBody {
  /** The text fields by name; a repeated name keeps the last. */
  fields: Record<string, string>;
  /** The files, in order. */
  files: { field: string; filename: string; type: string; size: number }[];
}

const BLANK_LINE = Buffer.from('\r\n\r\n');

/** The fields and files of a multipart body, and the files' bytes by field name. A broken part is left out. */
export function parseMultipart(
  bytes: Buffer,
  boundary: string,
): { body: MultipartBody; contents: Map<string, Buffer> } {
  const body: MultipartBody = { fields: {}, files: [] };
  const contents = new Map<string, Buffer>();
  for (const part of split(bytes, Buffer.from(`--${boundary}`))) {
    const blank = part.indexOf(BLANK_LINE);
    if (blank < 0) continue;
    const head = part.subarray(0, blank).toString();
    const content = part.subarray(blank + BLANK_LINE.length);
    const field = /\bname="([^"]*)"/i.exec(head)?.[1];
    if (field === undefined) continue;
    const filename = /\bfilename="([^"]*)"/i.exec(head)?.[1];
    if (filename === undefined) {
      body.fields[field] = content.toString();
    } else {
      const type = /^content-type:\s*(.+)$/im.exec(head)?.[1]?.trim() ?? 'application/octet-stream';
      body.files.push({ field, filename: unescapeName(filename), type, size: content.length });
      contents.set(field, content);
    }
  }
  return { body, contents };
}

/** The parts between the delimiters, without the line breaks that belong to them. */
function split(bytes: Buffer, delimiter: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = bytes.indexOf(delimiter);
  while (start >= 0) {
    const from = start + delimiter.length;
    const next = bytes.indexOf(delimiter, from);
    if (next < 0) break;
    parts.push(bytes.subarray(from + 2, next - 2));
    start = next;
  }
  return parts;
}

const unescapeName = (name: string) => name.replace(/%22/g, '"').replace(/%0D/gi, '\r').replace(/%0A/gi, '\n');
