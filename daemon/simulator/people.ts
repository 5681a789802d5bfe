// SPDX-License-Identifier: Apache-2.0

/** Invented people; some of them have letters beyond ASCII in their names, as everywhere. */
export const FIRST_NAMES: readonly string[] = [
  ...['Ada', 'Amir', 'Anika', 'Bao', 'Björn', 'Carla', 'Chidi', 'Dana', 'Dmitri', 'Elif'],
  ...['Emeka', 'Farah', 'Felix', 'Grace', 'Hana', 'Hugo', 'Ines', 'Ivan', 'Jonas', 'Júlia'],
  ...['Kofi', 'Lea', 'Liam', 'Maya', 'Mei', 'Nadia', 'Noël', 'Olga', 'Omar', 'Petra'],
  ...['Quinn', 'Ravi', 'Rosa', 'Sami', 'Sofia', 'Tariq', 'Uma', 'Viktor', 'Yara', 'Zoë'],
]

export const LAST_NAMES: readonly string[] = [
  ...['Abbot', 'Adeyemi', 'Almeida', 'Bakker', 'Bauer', 'Castro', 'Chen', 'Cohen', 'Costa', 'Dvořák'],
  ...['Engel', 'Farkas', 'Fischer', 'Garcia', 'Grant', 'Haddad', 'Hansen', 'Ito', 'Jansen', 'Kaya'],
  ...['Keller', 'Kim', 'Kowalski', 'Larsen', 'Levy', 'Lindqvist', 'Marino', 'Mendes', 'Moreau', 'Müller'],
  ...['Nagy', 'Novak', 'Nunez', 'Okafor', 'Olsen', 'Park', 'Patel', 'Peeters', 'Popescu', 'Quist'],
  ...['Rossi', 'Sato', 'Silva', 'Singh', 'Tanaka', 'Toth', 'Varga', 'Weber', 'Yilmaz', 'Zeman'],
]
