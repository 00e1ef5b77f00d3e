/** One figure, large. */

interface TileParts {
  readonly name: string;
  readonly value: string;
  readonly more?: string;
  /** A line under it. */
  readonly under?: string | undefined;
  readonly bad?: boolean;
  /** What it counts. */
  readonly title?: string;
}

/** The figure with its name, its unit, and what goes with it. */
export function Tile({ name, value, more, under, bad = false, title }: TileParts) {
  return (
    <div class={bad ? 'tile bad' : 'tile'} title={title}>
      <dt>{name}</dt>
      <dd>
        {value} {more && <small>{more}</small>}
        {under && <p>{under}</p>}
      </dd>
    </div>
  );
}
