-- Contact lists. Who is gone is in none, and has none.
CREATE TABLE contacts (
    user    INTEGER NOT NULL,
    contact INTEGER NOT NULL,
    PRIMARY KEY (user, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_contact ON contacts (contact);
