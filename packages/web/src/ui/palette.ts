import { ref } from 'vue';

/** Whether the command palette is open: the keys and the button in the header open it. */
export const paletteIsOpen = ref(false);
