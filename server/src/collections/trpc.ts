import { mutation, query } from "../rpc/procedures.ts";
import { createCollection, removeCollection, updateCollection } from "./changes/service.ts";
import { addCollectionRoms, removeCollectionRoms } from "./members/service.ts";
import { getCollection, listCollectionIdentifiers, listCollections } from "./service.ts";
import {
  createSmartCollection,
  getSmartCollection,
  listSmartCollections,
  listSmartIdentifiers,
  removeSmartCollection,
  updateSmartCollection,
} from "./smart/service.ts";
import { getVirtualCollection, listVirtualCollections, listVirtualIdentifiers } from "./virtual/service.ts";

/** Procedures about collections. */
export const collectionProcedures = {
  addRoms: mutation(addCollectionRoms),
  create: mutation(createCollection),
  createSmart: mutation(createSmartCollection),
  get: query(getCollection),
  getSmart: query(getSmartCollection),
  getVirtual: query(getVirtualCollection),
  identifiers: query(listCollectionIdentifiers),
  list: query(listCollections),
  listSmart: query(listSmartCollections),
  listVirtual: query(listVirtualCollections),
  remove: mutation(removeCollection),
  removeRoms: mutation(removeCollectionRoms),
  removeSmart: mutation(removeSmartCollection),
  smartIdentifiers: query(listSmartIdentifiers),
  update: mutation(updateCollection),
  updateSmart: mutation(updateSmartCollection),
  virtualIdentifiers: query(listVirtualIdentifiers),
};
