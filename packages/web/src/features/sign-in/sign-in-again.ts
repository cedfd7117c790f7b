import { ref } from 'vue';

/** Whether something has just been refused until the person signs in again. */
export const signInAgainWanted = ref(false);
