function libB() { return 'library b'; }
