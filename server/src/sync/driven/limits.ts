/** Slot of saves that a device brings which no other save of the rom explains. */
export const NEW_SAVE_SLOT = "autosave";
