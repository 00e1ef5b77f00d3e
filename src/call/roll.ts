/**
 * Those who are under way, in the order in which they came: who comes gets a place, and leaves by it. Why no `Set`: one whose members
 * come and go makes itself anew over and over, each of its old selves knows the next, and through them V8 keeps all that ever was a
 * member until it looks through its whole heap. A call and all that hangs on it is to be forgotten with its end.
 */

/** Where one of them stands. */
export class Place<Member> {
  readonly member: Member;
  /** The one after it. */
  next: Place<Member> | undefined;
  before: Place<Member> | undefined;
  #roll: Roll<Member> | undefined;

  /** Made by its roll. */
  constructor(member: Member, roll: Roll<Member>, before: Place<Member> | undefined) {
    this.member = member;
    this.#roll = roll;
    this.before = before;
  }

  /** It has not been left. */
  get taken(): boolean {
    return this.#roll !== undefined;
  }

  /** Gives the place up. @returns false when it was left before. */
  leave(): boolean {
    const roll = this.#roll;
    if (!roll) return false;
    this.#roll = undefined;
    roll.left(this);
    // What is over holds nobody.
    this.before = undefined;
    this.next = undefined;
    return true;
  }
}

/** All of them. */
export class Roll<Member> implements Iterable<Member> {
  size = 0;
  /** The place of the one who came first. */
  first: Place<Member> | undefined;
  #last: Place<Member> | undefined;

  /** Somebody comes. */
  add(member: Member): Place<Member> {
    const place = new Place(member, this, this.#last);
    if (this.#last) this.#last.next = place;
    else this.first = place;
    this.#last = place;
    this.size += 1;
    return place;
  }

  /** A place is given up; called by it. */
  left({ before, next }: Place<Member>): void {
    if (before) before.next = next;
    else this.first = next;
    if (next) next.before = before;
    else this.#last = before;
    this.size -= 1;
  }

  /** Those who are here now, whoever comes or leaves meanwhile. */
  [Symbol.iterator](): Iterator<Member> {
    const members: Member[] = [];
    for (let place = this.first; place; place = place.next) members.push(place.member);
    return members[Symbol.iterator]();
  }
}
