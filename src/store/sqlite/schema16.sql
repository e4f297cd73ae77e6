-- Of each message that becomes another, or is answered, it is looked for who hid it.
DROP INDEX hidden_room;
CREATE INDEX hidden_room ON hidden (room, message);
