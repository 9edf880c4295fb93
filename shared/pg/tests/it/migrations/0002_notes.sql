create table alpha.notes (note text not null);
