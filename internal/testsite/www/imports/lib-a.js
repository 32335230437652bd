function libA() { return 'library a, version __VERSION__'; }
