-- Rooms that are gone, and of whose messages and changes some are still here; they are removed little by little.
CREATE TABLE removed_rooms (id INTEGER PRIMARY KEY);
