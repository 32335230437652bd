chunk of v2
