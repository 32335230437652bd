// The entry module: what every page needs. The page works without it: forms
// post, links lead somewhere, popovers open. This adds the live stream, keys,
// the command palette and the small comforts.
import './ages.js';
import './forms.js';
import './keys.js';
import './palette.js';
import './theme.js';
import './toasts.js';
import './tree.js';
import './say.js';
import { start } from './stream.js';

start();
