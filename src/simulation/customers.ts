/** The customers of every simulation, always the same ones. Their ids are derived from their names, which a test checks. */
export const customers = [
  // A customer of the sample data. The server's start page shows how to watch her orders, so they should change.
  { name: 'Ada', id: 'cus_8f3cfc27-7be6-559e-818f-c060714f650a' },
  { name: 'Ann', id: 'cus_596df18e-f477-5d71-b08d-a4a41c44bbfa' },
  { name: 'Ben', id: 'cus_3678d593-56a9-5fda-8358-5b190fe31bb7' },
  { name: 'Chloe', id: 'cus_d1d8fb89-85a2-5227-9d10-db31889dfcca' },
  { name: 'Dev', id: 'cus_ff43f261-ad49-5eaf-bc1e-32062ee13d69' },
  { name: 'Elif', id: 'cus_9585163c-af04-5da5-bb6f-6edf206a3ab9' },
] as const;
