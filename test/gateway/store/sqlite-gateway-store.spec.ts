import { describeSqlite, openStore } from './open-store.ts';
import { storeContract } from './store-contract.ts';

describeSqlite('a store in a file', () => storeContract((clock) => openStore(undefined, clock)));
